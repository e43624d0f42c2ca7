"""Processes started and kept running until they are ready."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sluice.sandbox.errors import NotReadyError
from sluice.sandbox.processes.process import Unit, find, read_record, start, stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Progress", "drive", "ensure_running"]


POLL_SECONDS = 0.1


Progress = Callable[[str, str], None]
"""Called with the name of a cluster and what it waits for now."""


def ensure_running(
    unit: Unit, arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> None:
    """Start the program of `unit`; one that runs with other arguments is replaced.

    `environment` is what it inherits instead of the usual, which has no
    credentials, no proxy and no home of the user.
    """
    process, record = find(unit), read_record(unit)
    if process is not None and record is not None and record.command == tuple(arguments):
        return
    if process is not None:
        stop([process])
    start(unit, arguments, dict(environment or _environment(unit)))


def drive(tasks: Mapping[str, Iterator[str]], progress: Progress, limit: float) -> None:
    """Run the tasks side by side until all have ended, or raise after `limit` seconds."""
    deadline = time.monotonic() + limit
    waiting = dict.fromkeys(tasks, "")
    while waiting:
        for name in list(waiting):
            _advance(name, tasks[name], waiting, progress)
        if waiting and time.monotonic() > deadline:
            raise NotReadyError(", ".join(f"{n} waits for {w}" for n, w in waiting.items()), limit)
        time.sleep(POLL_SECONDS if waiting else 0)


def _advance(name: str, task: Iterator[str], waiting: dict[str, str], progress: Progress) -> None:
    now = next(task, None)
    if now is None:
        del waiting[name]
        progress(name, "ready")
    elif now != waiting[name]:
        waiting[name] = now
        progress(name, now)


def _environment(unit: Unit) -> dict[str, str]:
    """What a program inherits: no proxy, no credentials, no home of the user."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(unit.folder)}
