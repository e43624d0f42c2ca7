"""What each alert was told of a stack last, so that what stays as it was is told once.

A file beside the stack's local state: `.sluice/events/<stack>.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.artifacts import atomic_file
from sluice.alerts.event import Event
from sluice.repository import Repository

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


class Memory:
    """What the alerts of a stack were told, and which alerts those are."""

    def __init__(self, repository: Repository, stack: str) -> None:
        """Read the file; one that is damaged or not there remembers nothing."""
        self._file = repository.local / "events" / f"{stack}.json"
        try:
            kept = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            kept = {}
        self._wrong: dict[str, dict[str, str]] = kept.get("wrong") or {}
        self.alerts: Sequence[Mapping[str, Any]] = kept.get("alerts") or ()
        """The alerts that were declared when that could last be read."""
        self.waiting: list[str] = list(kept.get("waiting") or ())
        """The commits that were told to wait for an approval, and for which nothing came yet."""

    def wrong(self, alert: str, thread: str) -> str:
        """Return what the alert was told to be wrong; empty where nothing is."""
        return self._wrong.get(alert, {}).get(thread, "")

    def is_wrong(self, thread: str) -> bool:
        """Whether any alert was told that something is wrong."""
        return any(told.get(thread) for told in self._wrong.values())

    def told(self, alert: str, event: Event) -> None:
        """Take that the alert was told."""
        self._wrong.setdefault(alert, {})[event.thread] = event.reason

    def keep(self) -> None:
        """Write the file."""
        names = [each["name"] for each in self.alerts]
        kept = {name: told for name, told in self._wrong.items() if name in names}
        content = json.dumps({"wrong": kept, "alerts": list(self.alerts), "waiting": self.waiting})
        atomic_file.write(self._file, content.encode(), mode=0o600)
