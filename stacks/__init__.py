"""What is declared: one environment a file, beside its configuration and its lock.

Nothing is computed here that a component could compute.
"""

from importlib import import_module
from importlib.util import find_spec

from components import DeclarationError, Environment

__all__ = ["environment"]


def environment(stack: str) -> type[Environment]:
    """Return the `Environment` that `stacks/<stack>.py` defines.

    Raises:
        DeclarationError: where there is no such file, or it does not define exactly one.

    """
    name = f"stacks.{stack}"
    if find_spec(name) is None:
        raise DeclarationError(
            f"stack {stack!r} has no stacks/{stack}.py; write one or name another"
        )
    defined = [
        value
        for value in vars(import_module(name)).values()
        if isinstance(value, type) and issubclass(value, Environment) and value.__module__ == name
    ]
    if len(defined) != 1:
        raise DeclarationError(
            f"stacks/{stack}.py defines {len(defined)} environments; it has to define one"
        )
    return defined[0]
