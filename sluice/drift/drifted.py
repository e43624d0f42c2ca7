"""A field, or an object, that is not as it is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from components.lib.manifests.empty import pointer
from sluice.backend.secret_values import holds_secret, is_secret
from sluice.drift.fields import ABSENT, Suspect, value_at
from sluice.drift.owned import OwnedObject
from sluice.kubernetes.connection import Object
from sluice.kubernetes.managed_fields import Path, owner, shown

__all__ = ["Drift", "Operation", "Why", "added", "deleted", "drifted"]

_MASK = "[secret]"
Operation = Mapping[str, Any]
Why = Literal["edited", "removed", "deleted", "foreign"]


@dataclass(frozen=True)
class Drift:
    """A field, or an object, that is not as it is declared.

    Attributes:
        component: the component that declares the object.
        api_version: the object's API version.
        kind: its kind.
        namespace: its namespace; empty where it has none.
        name: its name.
        path: the field: `spec.template.spec.containers[0].image`; empty for the whole object.
        declared: the declared value; None where nothing is declared; `[secret]` for a secret.
        live: the live value; None where there is none; `[secret]` for a secret.
        manager: the field manager that wrote the live value; empty where it is not known.
        why: `edited`, `removed` (the field), `deleted` (the object) or `foreign` (added by
            somebody else).
        owned: the object that it is of.
        operations: what puts it back (RFC 6902); none where the object is to be applied.

    """

    component: str
    api_version: str
    kind: str
    namespace: str
    name: str
    path: str
    declared: Any
    live: Any
    manager: str
    why: Why
    owned: OwnedObject = field(repr=False, compare=False)
    operations: Sequence[Operation] = field(default=(), repr=False, compare=False)


def deleted(declared: OwnedObject) -> Drift:
    """Return an object that is not there."""
    return Drift(
        component=declared.component,
        api_version=declared.api_version,
        kind=declared.kind,
        namespace=declared.namespace,
        name=declared.name,
        path="",
        declared=None,
        live=None,
        manager="",
        why="deleted",
        owned=declared,
    )


def drifted(
    declared: OwnedObject,
    live: Object,
    at: Suspect,
    one: Any,
    other: Any,
    manager: str = "",
    operations: Sequence[Operation] = (),
) -> Drift:
    """Return a field whose declared and live values differ; `ABSENT` where there is none."""
    why: Why = "removed" if other is ABSENT else "foreign" if one is ABSENT else "edited"
    secret = _is_secret_field(declared, at.path)
    one, other = (None if value is ABSENT else _MASK if secret else value for value in (one, other))
    return Drift(
        component=declared.component,
        api_version=declared.api_version,
        kind=declared.kind,
        namespace=live["metadata"].get("namespace", ""),
        name=declared.name,
        path=shown(at.where),
        declared=one,
        live=other,
        manager=manager or owner(live, at.where),
        why=why,
        owned=declared,
        operations=operations,
    )


def added(declared: OwnedObject, live: Object, path: Path, manager: str) -> Drift:
    """Return a field that others have added to a map that is declared."""
    removal = {"op": "remove", "path": pointer(path)}
    at = Suspect(path, path)
    return drifted(declared, live, at, ABSENT, value_at(live, path), manager, [removal])


def _is_secret_field(declared: OwnedObject, path: Path) -> bool:
    """Whether a field is shown masked: anything of a Secret but its labels, or secret in the state.

    An annotation can hold all of an object: kubectl's last applied configuration.
    """
    if declared.kind == "Secret":
        return path[:2] != ("metadata", "labels")
    values = [value_at(declared.manifest, path[:end]) for end in range(1, len(path) + 1)]
    return any(is_secret(value) for value in values) or holds_secret(values[-1])
