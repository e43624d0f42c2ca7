"""Pulumi's updates: what is wanted in, typed results out.

What is only read of a stack belongs in `sluice.backend`.
"""
