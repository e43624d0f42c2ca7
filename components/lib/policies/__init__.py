"""Which of an image's tags a policy selects: pure, one strategy a file.

What a registry has and what a lock says belongs in `components.artifacts`.
"""
