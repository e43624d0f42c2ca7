"""Pulumi's command and backend, asked about one stack: its state, history and secrets.

Pulumi's updates are run in `sluice.engine`.
"""
