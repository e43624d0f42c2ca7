"""What a program knows while it runs: settings, answers of the lock, providers, suspension."""
