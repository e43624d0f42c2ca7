"""The environment staging."""

from stacks.base import Platform


class Staging(Platform):
    """Nothing is otherwise here."""
