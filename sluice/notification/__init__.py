"""What happened to a stack, told: log, metrics, alerts, commit statuses.

What happened is decided where it happens.
"""
