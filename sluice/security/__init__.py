"""Accounts with the least that they need, and what must not stand in plain text."""
