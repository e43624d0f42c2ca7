"""What reconciliations did, as lines of JSON in `.sluice/logs/<stack>.jsonl`, for `sluice logs`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from sluice.stack.stack import Stack

__all__ = [
    "Level",
    "Line",
    "Source",
    "Tail",
    "Wanted",
    "append",
    "follow",
    "log_file",
    "logs",
    "read",
]

Level = Literal["info", "error"]


@dataclass(frozen=True)
class Line:
    """One line of a stack's log.

    Attributes:
        time: when, in UTC.
        level: `info` or `error`.
        stack: the stack.
        commit: the commit that was deployed, in full; empty before it is known.
        kind: the component's kind as Flux says it, such as `HelmRelease`; `Stack` for the whole.
        name: the component's name, or the stack's.
        message: what happened, without a secret value.

    """

    time: datetime
    level: Level
    stack: str
    commit: str
    kind: str
    name: str
    message: str

    @classmethod
    def now(cls, level: Level, stack: str, commit: str, kind: str, name: str, message: str) -> Line:
        """Return a line of this moment."""
        return cls(datetime.now(UTC), level, stack, commit, kind, name, message)


def log_file(stack: Stack) -> Path:
    """Return where a stack's log lies, whether it is there or not."""
    return stack.local("logs", ".jsonl")


def append(stack: Stack, line: Line) -> None:
    """Add a line to its stack's log, as a whole even where others write at the same time."""
    file = log_file(stack)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**asdict(line), "time": line.time.isoformat()})
    with file.open("a", encoding="utf-8") as log:
        log.write(text + "\n")


def read(stack: Stack) -> Iterator[Line]:
    """Yield the stack's lines as they were written; one that was cut off is left out."""
    yield from Tail(stack).new()


class Tail:
    """What is new in a stack's log since it was last asked."""

    def __init__(self, stack: Stack) -> None:
        """Begin with the log's first line; the log need not be there yet."""
        self._file = log_file(stack)
        self._read = 0

    def new(self) -> list[Line]:
        """Return the lines that were written since; one that was cut off is left out."""
        try:
            with self._file.open("rb") as log:
                log.seek(self._read)
                text = log.read()
        except FileNotFoundError:
            return []
        # What has no end yet is read with its end.
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [line for each in whole.splitlines() if (line := _parsed(each)) is not None]


def _parsed(text: bytes) -> Line | None:
    try:
        entry = json.loads(text)
        return Line(**{**entry, "time": datetime.fromisoformat(entry["time"])})
    except (ValueError, TypeError, KeyError):
        return None


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
