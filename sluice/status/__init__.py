"""How what is deployed is: the rows of `get`, `tree`, `graph`, `trace`, `events` and `stats`."""
