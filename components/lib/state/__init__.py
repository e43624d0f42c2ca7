"""What a stack's state says is deployed, and where a program has it now."""
