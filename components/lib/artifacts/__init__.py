"""What was resolved outside Git, and how it is fetched and verified.

Not here: anything of Pulumi's, and anything that decides when to resolve.
"""
