from __future__ import annotations

from typing import Any

import pytest

from sluice.notification.event import Event
from sluice.notification.routing import Route

FAILED = Event(
    *("dev", "deployment", "reconcile", "error", "failed", "redis timed out"),
    sources=frozenset({"HelmRelease/redis", "Namespace/queue"}),
)
CHANGED = Event("dev", "deployment", "reconcile", "info", "changed", "1 updated")


def route(**given: Any) -> Route:
    return Route("team", "generic", "https://example.com/hook", **given)


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        ({}, [FAILED, CHANGED]),
        ({"severity": "error"}, [FAILED]),
        ({"sources": ("HelmRelease/redis",)}, [FAILED]),
        ({"sources": ("HelmRelease/*",)}, [FAILED]),
        ({"sources": ("HelmRelease/postgresql", "Application/*")}, []),
        ({"included": ("timed out", "refused")}, [FAILED]),
        ({"excluded": ("timed out",)}, [CHANGED]),
        ({"included": ("redis",), "excluded": ("timed out",)}, []),
    ],
)
def test_an_alert_takes_what_its_filters_let_through(given: Any, takes: list[Event]) -> None:
    assert [event for event in (FAILED, CHANGED) if route(**given).takes(event)] == takes


def test_where_it_goes_is_never_shown() -> None:
    assert "example.com" not in repr(route(hmac_key="key"))
