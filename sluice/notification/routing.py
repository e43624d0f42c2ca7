"""Which of a stack's alerts an event is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sluice.notification.event import Event

__all__ = ["Route"]


@dataclass(frozen=True)
class Route:
    """An alert of the stack, with its references resolved.

    Attributes:
        name: the alert's name.
        type: `generic`, `alertmanager` or `apprise`.
        address: the URL; not to be shown.
        hmac_key: the key that signs; empty for none; not to be shown.
        severity: from which severity on.
        sources: the components that count; all where empty.
        included: expressions of which the message matches one; any message where empty.
        excluded: expressions of which the message matches none.
        summary: what is added to each message.

    """

    name: str
    type: str
    address: str = field(repr=False)
    hmac_key: str = field(default="", repr=False)
    severity: str = "info"
    sources: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    summary: str = ""

    @classmethod
    def of(cls, alert: Mapping[str, Any], address: str, hmac_key: str) -> Route:
        """Return the route of an alert as it was declared."""
        return cls(
            name=alert["name"],
            type=alert["type"],
            address=address,
            hmac_key=hmac_key,
            severity=alert["event_severity"],
            sources=tuple(alert["event_sources"]),
            included=tuple(alert["inclusion_list"]),
            excluded=tuple(alert["exclusion_list"]),
            summary=alert["summary"],
        )

    def takes(self, event: Event) -> bool:
        """Whether the event is for it."""
        return (
            (self.severity == "info" or event.severity == "error" or event.result == "recovered")
            and self._counts(event.sources)
            and (not self.included or _matches(self.included, event.message))
            and not _matches(self.excluded, event.message)
        )

    def _counts(self, touched: frozenset[str]) -> bool:
        if not self.sources:
            return True
        return any(fnmatchcase(source, wanted) for source in touched for wanted in self.sources)


def _matches(patterns: tuple[str, ...], message: str) -> bool:
    return any(re.search(pattern, message) for pattern in patterns)
