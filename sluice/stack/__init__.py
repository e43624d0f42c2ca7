"""A checkout and its stacks: what their files say, and the way to their state and cluster.

A `Stack` does nothing: what acts on one belongs in the room of its subject. The room also
writes a stack's suspensions into its configuration, and holds its lock of one process.
"""
