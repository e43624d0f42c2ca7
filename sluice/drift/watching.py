"""Drift as it happens: each kind is listed once, then watched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

from sluice.drift.detection import Look, look
from sluice.drift.drifted import Drift
from sluice.drift.live import Listing
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object
from sluice.stack.stack import Stack

__all__ = ["watch"]

_SETTLE_SECONDS = 0.5
_POLL_SECONDS = 2.0
_WATCH_SECONDS = 300
_AGAIN_SECONDS = 5.0

Told = tuple[Stack, list[Drift]]
Event = tuple[Listing, str, Object] | None
"""A listing, what happened and the object; None where a kind has to be listed again."""


def watch(stacks: Sequence[Stack], *, strict: bool = False) -> Iterator[Told]:
    """Yield each stack with what has drifted: at first, and whenever that is something else.

    A cluster that cannot be asked for a while is waited for.

    Raises:
        ApiError: where a cluster cannot be asked at first.

    """
    told: SimpleQueue[Told] = SimpleQueue()
    for first in [look(stack) for stack in stacks]:
        threading.Thread(target=_follow, args=(first, told, strict), daemon=True).start()
    while True:
        yield told.get()


def _follow(seen: Look, told: SimpleQueue[Told], strict: bool) -> None:
    before: list[Drift] | None = None
    while True:
        with suppress(ApiError):
            for found in _changes(seen, strict=strict):
                if found != before:
                    before = found
                    told.put((seen.stack, found))
        with suppress(ApiError):
            seen = look(seen.stack)
            continue
        time.sleep(_AGAIN_SECONDS)


def _changes(seen: Look, *, strict: bool) -> Iterator[list[Drift]]:
    """Yield what has drifted after each change, until all has to be read again."""
    events: SimpleQueue[Event] = SimpleQueue()
    over = threading.Event()
    deployed = _deployed(seen)
    try:
        for listing in seen.live.values():
            arguments = (seen.cluster, listing, events, over)
            threading.Thread(target=_watch, args=arguments, daemon=True).start()
        yield seen.drift(strict=strict)
        while _deployed(seen) == deployed:
            happened = _gathered(events)
            if None in happened:
                return
            for event in happened:
                _take(event)
            if happened:
                # A new look, since what it has asked the cluster is of the moment.
                yield replace(seen).drift(strict=strict)
    finally:
        over.set()


def _watch(
    cluster: Cluster, listing: Listing, events: SimpleQueue[Event], over: threading.Event
) -> None:
    since = listing.version
    try:
        while since and not over.is_set():
            kind = (listing.api_version, listing.kind)
            for event, live in cluster.watch(
                *kind, namespace=listing.namespace, since=since, seconds=_WATCH_SECONDS
            ):
                since = live["metadata"]["resourceVersion"]
                if over.is_set():
                    return
                if event != "BOOKMARK":
                    events.put((listing, event, live))
    except ApiError:
        events.put(None)


def _gathered(events: SimpleQueue[Event]) -> list[Event]:
    """Return what happens in a moment, so that one act of many changes is judged once."""
    try:
        gathered = [events.get(timeout=_POLL_SECONDS)]
    except Empty:
        return []
    until = time.monotonic() + _SETTLE_SECONDS
    with suppress(Empty):
        while (left := until - time.monotonic()) > 0:
            gathered.append(events.get(timeout=left))
    return gathered


def _take(event: Event) -> None:
    if event is None:
        return
    listing, what, live = event
    place = (live["metadata"].get("namespace", ""), live["metadata"]["name"])
    if what == "DELETED":
        listing.objects.pop(place, None)
    else:
        listing.objects[place] = live


def _deployed(seen: Look) -> float:
    local = seen.stack.local_state()
    with suppress(OSError):
        return local.checkpoint.stat().st_mtime if local else 0.0
    return 0.0
