"""Commits and checkouts, and never the caller's working tree.

Pull requests belong in `sluice.gitea`.
"""
