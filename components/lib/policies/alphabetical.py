"""The last tag in the order of the alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.lib.policies.order import Order

__all__ = ["AlphabeticalPolicy"]


@dataclass(frozen=True)
class AlphabeticalPolicy:
    """Selects the last tag byte by byte (`asc`, the default) or the first (`desc`).

    Answers to `policy.alphabetical` of Flux's ImagePolicy.
    """

    order: Order = Order.ASC

    def __str__(self) -> str:
        return f"alphabetical {self.order}"

    def latest(self, tags: Sequence[str]) -> str | None:
        """Return the selected tag, None where there is none."""
        if not tags:
            return None
        return min(tags) if self.order == Order.DESC else max(tags)

    def allows(self, tag: str) -> bool:  # noqa: ARG002 - as each strategy
        """Whether a tag may be selected, which each may."""
        return True
