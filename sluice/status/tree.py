"""A stack as a tree: its components, their objects, what controllers made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sluice.inventory.component import Component, Owned
from sluice.inventory.deployed import Deployed
from sluice.inventory.liveness import Live
from sluice.kubernetes.readiness import Status, status_of

__all__ = ["Node", "lines", "tree_of"]


@dataclass(frozen=True)
class Node:
    """A stack, a component or an object.

    Attributes:
        kind: `Stack`, a component's class, or an object's kind.
        namespace: an object's; empty for others, and for what is cluster-scoped.
        name: its name.
        ready: whether it is, now; null where the cluster cannot be asked.
        message: what is wrong, or how far it is.
        children: what it consists of, or what controllers made of it.

    """

    kind: str
    namespace: str
    name: str
    ready: bool | None
    message: str
    children: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.kind}/{f'{self.namespace}/' if self.namespace else ''}{self.name}"


def tree_of(deployed: Deployed, live: Live) -> Node:
    """Return the stack's tree, components by kind and name."""
    children = tuple(_component(component, live) for component in deployed.components)
    return Node("Stack", "", deployed.stack, _all_ready(children), deployed.revision, children)


def lines(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield each node of a tree with the branches that are drawn before it."""
    yield "", node
    for index, child in enumerate(node.children):
        last = index == len(node.children) - 1
        for depth, (branches, below) in enumerate(lines(child)):
            mine = ("    " if last else "│   ") if depth else ("└── " if last else "├── ")
            yield mine + branches, below


def _component(component: Component, live: Live) -> Node:
    children = tuple(_object(owned, live) for owned in component.objects)
    ready = _all_ready(children)
    return Node(component.kind, "", component.name, ready, component.version, children)


def _object(owned: Owned, live: Live) -> Node:
    status, found = live.status(owned), live.manifest(owned)
    below = live.children(found) if found is not None else []
    return _node(owned.kind, owned.namespace, owned.name, status, below, live)


def _node(
    kind: str, namespace: str, name: str, status: Status, below: list[Any], live: Live
) -> Node:
    children = tuple(_child(child, live) for child in below)
    return Node(kind, namespace, name, status.ready, status.message, children)


def _child(found: Any, live: Live) -> Node:
    metadata = found["metadata"]
    namespace = metadata.get("namespace", "")
    below = live.children(found)
    return _node(found["kind"], namespace, metadata["name"], status_of(found), below, live)


def _all_ready(nodes: tuple[Node, ...]) -> bool | None:
    states = {node.ready for node in nodes}
    return False if False in states else None if None in states else True
