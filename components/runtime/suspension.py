"""What of a stack is suspended, as an entry of its config file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from components.errors import DeclarationError

__all__ = ["LEFT_OUT", "Suspension", "parse_suspensions"]

# The variable that names, to the program, the components that Pulumi was told to leave out.
LEFT_OUT: Final = "SLUICE_LEFT_OUT"
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


def parse_suspensions(entries: Any, *, where: str) -> list[Suspension]:
    """Return the entries of `<project>:suspended`, in their order.

    Raises:
        DeclarationError: naming `where` and the entry, where it is not one.

    """
    if not isinstance(entries, list):
        raise DeclarationError(f"{where}: want a list of entries")
    return [_entry(entry, f"{where}[{index}]") for index, entry in enumerate(entries)]


def _entry(entry: Any, where: str) -> Suspension:
    if not isinstance(entry, Mapping) or not all(
        isinstance(entry.get(name, ""), str) for name in _TEXTS
    ):
        raise DeclarationError(f"{where}: want component, reason, author and since")
    return Suspension(
        component=entry.get("component", ""),
        reason=entry.get("reason", ""),
        author=entry.get("author", ""),
        since=_time(entry.get("since"), where),
    )


def _time(value: Any, where: str) -> datetime:
    # Pulumi writes a time without quotes anew, as Go prints it: 2026-11-23 21:00:00 +0000 UTC.
    text = str(value).removesuffix(" UTC").replace(" +", "+")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise DeclarationError(f"{where}: since: {value!r} is not a time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
