"""What happens to one object of a stack: told by the engine, kept in logs, printed as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Change"]


@dataclass(frozen=True)
class Change:
    """What happened to one object, or would happen.

    Attributes:
        urn: Pulumi's name of it.
        operation: `create`, `update`, `replace` or `delete`.
        component: the name of the component that it belongs to.
        kind: its kind, such as `Deployment`.
        namespace: its namespace; empty where it has none.
        name: its name; a Helm release's is its component's.
        fields: the paths that differ, such as `spec.replicas`.
        seconds: how long it took; 0 in a preview.
        error: the cluster's reason where it failed, else empty.

    """

    urn: str
    operation: str
    component: str
    kind: str
    namespace: str
    name: str
    fields: tuple[str, ...] = field(default=())
    seconds: float = 0.0
    error: str = ""
