"""The greatest number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.errors import DeclarationError
from components.lib.policies.order import Order

__all__ = ["NumericalPolicy"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class NumericalPolicy:
    """Selects the greatest number (`asc`, the default) or the least (`desc`).

    Each tag has to be a number, or to give one by the filter's `extract`.
    Answers to `policy.numerical` of Flux's ImagePolicy.
    """

    order: Order = Order.ASC

    def __str__(self) -> str:
        return f"numerical {self.order}"

    def latest(self, tags: Sequence[str]) -> str | None:
        """Return the selected tag, None where there is none; the first of equal ones.

        Raises DeclarationError naming a tag that is not a number.
        """
        if not tags:
            return None
        chosen = min if self.order == Order.DESC else max
        return chosen(tags, key=_number)

    def allows(self, tag: str) -> bool:
        """Whether a tag is a number."""
        return _NUMBER.fullmatch(tag) is not None


def _number(tag: str) -> float:
    if not _NUMBER.fullmatch(tag):
        raise DeclarationError(
            f"the tag {tag!r} is not a number; filter the tags by a pattern, and extract the"
            " number from it",
        )
    return float(tag)
