"""A stack back to an earlier deployment."""
