"""What Kubernetes reported of the objects that a stack owns, and of the pods that they made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sluice.status.tree import Node

__all__ = ["ObjectEvent", "events_of"]

Key = tuple[str, str, str]


@dataclass(frozen=True)
class ObjectEvent:
    """A Kubernetes event.

    Attributes:
        stack: the stack that owns the object.
        component: `application/web`.
        object: `Pod/shop/web-1`.
        type: `Normal` or `Warning`.
        reason: Kubernetes' word, such as `FailedScheduling`.
        message: what happened.
        count: how often.
        last_seen: when last.

    """

    stack: str
    component: str
    object: str
    type: str
    reason: str
    message: str
    count: int
    last_seen: datetime


def events_of(
    stack: Node, reported: Sequence[Mapping[str, Any]], wanted: str = ""
) -> list[ObjectEvent]:
    """Return the events of a stack's tree, the oldest first.

    `wanted` is `kind/name` of a component or an object, in any case: then only
    its events, and those of what is below it.
    """
    owners = {
        key: component
        for component in stack.children
        for key, path in _paths(component)
        if wanted.lower() in ("", *path)
    }
    found = [
        _event(stack.name, f"{owners[key].kind.lower()}/{owners[key].name}", event)
        for event in reported
        if (key := _key(event.get("involvedObject") or {})) in owners
    ]
    return sorted(found, key=lambda event: event.last_seen)


def _paths(node: Node, above: tuple[str, ...] = ()) -> Iterator[tuple[Key, tuple[str, ...]]]:
    """Yield each node's key with the names of itself and of all that it lies in."""
    path = (*above, f"{node.kind}/{node.name}".lower())
    yield (node.kind, node.namespace, node.name), path
    for child in node.children:
        yield from _paths(child, path)


def _key(involved: Mapping[str, Any]) -> Key:
    kind, namespace = involved.get("kind", ""), involved.get("namespace", "")
    return kind, "" if kind == "Namespace" else namespace, involved.get("name", "")


def _event(stack: str, component: str, event: Mapping[str, Any]) -> ObjectEvent:
    kind, namespace, name = _key(event["involvedObject"])
    series = event.get("series") or {}
    seen = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"]["creationTimestamp"]
    )
    return ObjectEvent(
        stack=stack,
        component=component,
        object=f"{kind}/{namespace}/{name}" if namespace else f"{kind}/{name}",
        type=event.get("type", ""),
        reason=event.get("reason", ""),
        message=" ".join(str(event.get("message") or "").split()),
        count=series.get("count") or event.get("count") or 1,
        last_seen=datetime.fromisoformat(seen),
    )
