"""What reconciliations did, from the logs of several stacks, in the order of time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sluice.run_log import Level, Line

__all__ = ["Source", "Wanted", "follow", "logs"]

_PAUSE_SECONDS = 0.5


class Source(Protocol):
    """Something that writes lines: a stack's log on this machine, the runs of a pipeline."""

    def new(self) -> list[Line]:
        """Return the lines that were written since it was last asked."""


@dataclass(frozen=True)
class Wanted:
    """Which lines are wanted; what is empty is not asked for.

    Attributes:
        kind: the component's kind, in any case.
        name: the component's name, or the stack's.
        level: the lines' level.
        since: no line before it.

    """

    kind: str = ""
    name: str = ""
    level: Level | None = None
    since: datetime | None = None

    def __contains__(self, line: Line) -> bool:
        return (
            (not self.kind or line.kind.lower() == self.kind.lower())
            and (not self.name or line.name == self.name)
            and (not self.level or line.level == self.level)
            and (self.since is None or line.time >= self.since)
        )


def logs(sources: Sequence[Source], wanted: Wanted) -> list[Line]:
    """Return the wanted lines of the sources, the oldest first."""
    return _merged(sources, wanted)


def follow(sources: Sequence[Source], wanted: Wanted) -> Iterator[Line]:
    """Yield the wanted lines, and further ones as they are written, without an end."""
    while True:
        yield from _merged(sources, wanted)
        time.sleep(_PAUSE_SECONDS)


def _merged(sources: Iterable[Source], wanted: Wanted) -> list[Line]:
    lines = (line for source in sources for line in source.new() if line in wanted)
    return sorted(lines, key=lambda line: line.time)
