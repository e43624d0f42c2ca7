"""Drift: what was changed on a cluster behind a stack's back, found and put back.

What belongs here: comparing what a stack owns with what is live, by field
ownership, and correcting it. What a stack declares belongs in `components`.
"""
