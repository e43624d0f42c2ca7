"""A policy as a whole: a filter, then a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.lib.policies.alphabetical import AlphabeticalPolicy
from components.lib.policies.numerical import NumericalPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.policies.tag_filter import TagFilter

__all__ = ["Strategy", "TagPolicy"]

Strategy = SemVerPolicy | AlphabeticalPolicy | NumericalPolicy


@dataclass(frozen=True)
class TagPolicy:
    """Which tag is selected: a strategy, over what a filter lets through.

    Its text is what a lock file says of it. Raises DeclarationError for an
    invalid range or pattern.
    """

    strategy: Strategy
    filter: TagFilter | None = None

    def __post_init__(self) -> None:
        self.strategy.allows("")
        if self.filter:
            self.filter.extracted("")

    def __str__(self) -> str:
        return f"{self.strategy} of {self.filter}" if self.filter else str(self.strategy)

    def latest(self, tags: Sequence[str]) -> str | None:
        """Return the selected tag as the registry has it, None where nothing satisfies.

        Raises DeclarationError where the strategy is numerical and a tag is no number.
        """
        if self.filter is None:
            return self.strategy.latest(tags)
        compared = self.filter.apply(tags)
        latest = self.strategy.latest(list(compared))
        return None if latest is None else compared[latest]

    def allows(self, tag: str) -> bool:
        """Whether a tag is one that may be selected."""
        compared = self.filter.extracted(tag) if self.filter else tag
        return compared is not None and self.strategy.allows(compared)
