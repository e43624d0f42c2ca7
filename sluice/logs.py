"""What reconciliations did, from the logs of several stacks, in the order of time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluice.repository import Repository
from sluice.run_log import Level, Line, Tail

__all__ = ["Wanted", "follow", "logs"]

_PAUSE_SECONDS = 0.5


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


def logs(repository: Repository, stacks: Sequence[str], wanted: Wanted) -> list[Line]:
    """Return the wanted lines of these stacks, the oldest first."""
    return _merged([Tail(repository, stack) for stack in stacks], wanted)


def follow(repository: Repository, stacks: Sequence[str], wanted: Wanted) -> Iterator[Line]:
    """Yield the wanted lines, and further ones as they are written, without an end."""
    tails = [Tail(repository, stack) for stack in stacks]
    while True:
        yield from _merged(tails, wanted)
        time.sleep(_PAUSE_SECONDS)


def _merged(tails: Iterable[Tail], wanted: Wanted) -> list[Line]:
    lines = (line for tail in tails for line in tail.new() if line in wanted)
    return sorted(lines, key=lambda line: line.time)
