"""A checkout and its stacks: what their files say, and the way to their state and cluster.

What changes a stack belongs in the room of its subject: nothing here acts.
"""
