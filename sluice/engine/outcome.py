"""What an update did, as a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sluice.diff.change import Change

__all__ = ["Outcome", "summed"]


@dataclass
class Outcome:
    """What an update did, or a preview would do.

    Attributes:
        stack: the stack.
        counts: resources by what happened: `create`, `update`, `move`, `replace`, `delete`,
            `orphan`, `same`.
        seconds: how long it took.
        changes: what happened to each object that did not stay the same, in its order.

    """

    stack: str
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    changes: list[Change] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was changed."""
        return any(count for operation, count in self.counts.items() if operation != "same")

    def __str__(self) -> str:
        words = [f"{self.counts[word]} {_PAST[word]}" for word in _PAST if self.counts.get(word)]
        return f"{', '.join(words) or 'nothing declared'} in {self.seconds:.0f} s"


_PAST = {
    "create": "created",
    "update": "updated",
    "move": "moved",
    "replace": "replaced",
    "delete": "deleted",
    "orphan": "let go",
    "same": "unchanged",
}


def summed(first: Mapping[str, int], then: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of two updates in turn; what stays the same is the second's to say."""
    changed = {word: count for word, count in first.items() if word != "same"}
    return {word: changed.get(word, 0) + then.get(word, 0) for word in {**changed, **then}}
