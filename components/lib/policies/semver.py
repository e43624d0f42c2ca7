"""The newest version in a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from components.lib.policies.range import Range
from components.lib.policies.versions import parse_tag

__all__ = ["SemVerPolicy"]


@dataclass(frozen=True)
class SemVerPolicy:
    """Selects the newest version in `range`; tags that are no version are left out.

    The range is read as `components.lib.policies.range` does; an invalid one
    raises DeclarationError at its first use. Answers to `policy.semver` of
    Flux's ImagePolicy.
    """

    range: str

    def __str__(self) -> str:
        return f"semver {self.range}"

    def latest(self, tags: Sequence[str]) -> str | None:
        """Return the newest allowed tag, None where there is none; the first of equal ones."""
        return self._range.newest(tags)

    def allows(self, tag: str) -> bool:
        """Whether a tag may be selected."""
        return self._range.allows(tag) and parse_tag(tag) is not None

    @cached_property
    def _range(self) -> Range:
        return Range.parse(self.range)
