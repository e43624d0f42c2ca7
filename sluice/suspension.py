"""What of a stack is suspended: entries of `stacks/Pulumi.<stack>.yaml`, as Git has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sluice.errors import RepositoryError
from sluice.repository import Repository

__all__ = ["Suspension", "suspensions"]

_TEXTS = ("component", "reason", "author")


@dataclass(frozen=True)
class Suspension:
    """A stack or a component that is left out until it is resumed.

    Attributes:
        component: the component's name; empty for the whole stack.
        reason: why.
        author: who, `Name <mail>`.
        since: when, with its time zone.

    """

    component: str
    reason: str
    author: str
    since: datetime

    def __str__(self) -> str:
        return f"suspended by {self.author} since {self.since:%Y-%m-%d %H:%M %Z}: {self.reason}"


def suspensions(repository: Repository, stack: str) -> list[Suspension]:
    """Return the stack's entries, in the file's order.

    Raises:
        RepositoryError: naming the file, where an entry is not one.

    """
    key = f"{repository.project}:suspended"
    where = f"stacks/Pulumi.{stack}.yaml: {key}"
    entries = repository.setting(stack, "suspended") or []
    if not isinstance(entries, list):
        raise RepositoryError(f"{where}: want a list of entries")
    return [_entry(entry, f"{where}[{index}]") for index, entry in enumerate(entries)]


def _entry(entry: Any, where: str) -> Suspension:
    if not isinstance(entry, Mapping) or not all(
        isinstance(entry.get(name, ""), str) for name in _TEXTS
    ):
        raise RepositoryError(f"{where}: want component, reason, author and since")
    return Suspension(
        component=entry.get("component", ""),
        reason=entry.get("reason", ""),
        author=entry.get("author", ""),
        since=_time(entry.get("since"), where),
    )


def _time(value: Any, where: str) -> datetime:
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise RepositoryError(f"{where}: since: {value!r} is not a time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
