"""Images kept current: what a registry has, what a policy picks, and where Git says so."""
