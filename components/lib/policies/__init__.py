"""Which of an image's tags a policy selects: pure, one strategy a file.

What a registry has belongs in `components.lib.registry`, what a lock says in
`components.lib.locks`.
"""
