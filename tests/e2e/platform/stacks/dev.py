"""The environment dev."""

from stacks.base import Platform


class Dev(Platform):
    """Nothing is otherwise here."""
