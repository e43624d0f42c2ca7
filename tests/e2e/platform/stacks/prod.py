"""The environment prod."""

from stacks.base import Platform


class Prod(Platform):
    """An older queue."""

    redis_version = "18.x"
