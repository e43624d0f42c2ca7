"""Commits and checkouts, beside the caller's working tree; in it only where nothing is pushed.

Pull requests belong in `sluice.gitea`.
"""
