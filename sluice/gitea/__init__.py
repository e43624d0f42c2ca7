"""Gitea's API, and the only place that knows it.

How the sandbox starts a server belongs in `sluice.sandbox`, what is told to
people on a pull request in `sluice.report`.
"""
