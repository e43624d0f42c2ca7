"""What runs in the process of a stack's program: Python, Pulumi's SDK, and nothing of Sluice."""
