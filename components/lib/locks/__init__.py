"""The lock file: what was asked for, what it was resolved to, and by what."""
