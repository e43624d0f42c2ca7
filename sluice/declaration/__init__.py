"""What a program declares, run without the engine, and rendered to manifests.

What an update would do with it on a cluster belongs in `sluice.plan`.
"""
