"""What each alert was told of a stack last, so that what stays as it was is told once.

A file beside the stack's local state: `.sluice/events/<stack>.json`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock

from components.lib.files import atomic_file
from sluice.notification.event import Event
from sluice.stack.stack import Stack

__all__ = ["Memory", "news"]


def news(event: Event, before: str) -> Event | None:
    """Return the event as it is to be told, or None where it says nothing new.

    `before` is what was told to be wrong of its thread, empty where nothing
    was. What breaks is told, and when it breaks otherwise, and when it recovers.
    """
    if event.severity == "error":
        return None if event.reason == before else event
    if before:
        return replace(event, result="recovered", message=f"recovered: {event.message}")
    return None if event.result == "unchanged" else event


class _Kept(msgspec.Struct):
    wrong: dict[str, dict[str, str]] = {}
    alerts: list[dict[str, Any]] = []
    waiting: list[str] = []


class Memory:
    """What the alerts of a stack were told, and which alerts those are.

    Jobs of a stack may tell at the same time: each change is made to what is
    in the file then.
    """

    def __init__(self, stack: Stack) -> None:
        """Name the file; one that is damaged or not there remembers nothing."""
        self._file = stack.local("events", ".json")

    @property
    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """The alerts that were declared when that could last be read."""
        return _read(self._file).alerts

    @property
    def waiting(self) -> Sequence[str]:
        """The commits that were told to wait for an approval, and for which nothing came yet."""
        return _read(self._file).waiting

    def wrong(self, alert: str, thread: str) -> str:
        """Return what the alert was told to be wrong; empty where nothing is."""
        return _read(self._file).wrong.get(alert, {}).get(thread, "")

    def is_wrong(self, thread: str) -> bool:
        """Whether any alert was told that something is wrong."""
        return any(told.get(thread) for told in _read(self._file).wrong.values())

    def told(
        self, event: Event, names: Collection[str], alerts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Take that the alerts of these names, of those that there are, were told an event."""
        with self._changed() as kept:
            kept.alerts = [dict(each) for each in alerts]
            for name in names:
                kept.wrong.setdefault(name, {})[event.thread] = event.reason
            there = [each["name"] for each in alerts]
            kept.wrong = {name: kept.wrong[name] for name in kept.wrong if name in there}

    def waits(self, commit: str) -> None:
        """Take that a commit was told to wait."""
        with self._changed() as kept:
            kept.waiting = list(dict.fromkeys((*kept.waiting, commit)))

    def settled(self, commits: Collection[str]) -> None:
        """Take that something came for commits that waited."""
        with self._changed() as kept:
            kept.waiting = [each for each in kept.waiting if each not in commits]

    @contextmanager
    def _changed(self) -> Iterator[_Kept]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._file.with_suffix(".lock")):
            kept = _read(self._file)
            yield kept
            atomic_file.write(self._file, msgspec.json.encode(kept), mode=0o600)


def _read(file: Path) -> _Kept:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return _Kept()
