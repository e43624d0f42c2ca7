"""What an update would do, object by object, tried on the cluster.

What was changed behind a stack's back belongs in `sluice.drift`.
"""
