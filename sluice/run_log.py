"""What reconciliations did, as lines of JSON in `.sluice/logs/<stack>.jsonl`, for `sluice logs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sluice.repository import Repository

__all__ = ["Level", "Line", "append", "log_file", "read"]

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


def log_file(repository: Repository, stack: str) -> Path:
    """Return where a stack's log lies, whether it is there or not."""
    return repository.local / "logs" / f"{stack}.jsonl"


def append(repository: Repository, line: Line) -> None:
    """Add a line to its stack's log, as a whole even where others write at the same time."""
    file = log_file(repository, line.stack)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**asdict(line), "time": line.time.isoformat()})
    with file.open("a", encoding="utf-8") as log:
        log.write(text + "\n")


def read(repository: Repository, stack: str) -> Iterator[Line]:
    """Yield the stack's lines as they were written; one that was cut off is left out."""
    file = log_file(repository, stack)
    if not file.exists():
        return
    with file.open(encoding="utf-8") as log:
        for text in log:
            try:
                entry = json.loads(text)
                yield Line(**{**entry, "time": datetime.fromisoformat(entry["time"])})
            except (ValueError, TypeError, KeyError):
                continue
