"""What a reconciliation did, as a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sluice.diff.change import Change
from sluice.stack.stack import Stack

__all__ = ["Admission", "Reconciliation", "Result"]


Result = Literal[
    "unchanged",
    "changed",
    "rolled back",
    "failed",
    "locked",
    "suspended",
    "refused",
    "waiting",
    "not begun",
]


Admission = Callable[[Stack, str], None]
"""Raises where the stack of a checkout may not get its commit (yet)."""


@dataclass(frozen=True)
class Reconciliation:
    """What a reconciliation of a stack came to.

    Attributes:
        stack: the stack.
        commit: the commit that runs now, in full.
        result: what became of it, in one or two words.
        message: what was done, why nothing had to be, or why it failed.
        seconds: how long the update took; 0 where the engine was not started.
        changes: what happened to each object.

    """

    stack: str
    commit: str
    result: Result
    message: str
    seconds: float = 0.0
    changes: Sequence[Change] = field(default=())
