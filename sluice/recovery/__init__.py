"""Going on after an update that was killed: its lock, its state, what it left behind."""
