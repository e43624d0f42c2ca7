"""A stack's program, written as its author would: components created, adopted, deleted.

What a program declares is read in `sluice.declaration`.
"""
