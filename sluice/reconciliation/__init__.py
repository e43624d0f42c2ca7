"""A stack made what the newest commit says, until it is healthy; suspended and resumed."""
