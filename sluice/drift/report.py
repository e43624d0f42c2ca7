"""What `sluice drift` prints for programs, in the form of `docs/schemas`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sluice.drift.drifted import Drift, Why

__all__ = ["DriftedField"]


@dataclass(frozen=True)
class DriftedField:
    """A field, or an object, of a stack that is not as it is declared.

    Attributes:
        stack: the stack.
        component: the component that declares the object.
        api_version: the object's API version.
        kind: its kind.
        namespace: its namespace; empty where it has none.
        name: its name.
        path: the field: `spec.template.spec.containers[0].image`; empty for the whole object.
        declared: the declared value; null where nothing is declared; `[secret]` for a secret.
        live: the live value; null where there is none; `[secret]` for a secret.
        manager: the field manager that wrote the live value; empty where it is not known.
        why: `edited`, `removed` (the field), `deleted` (the object) or `foreign` (added by
            somebody else).
        corrected: whether it was put back.

    """

    stack: str
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
    corrected: bool

    @classmethod
    def of(cls, stack: str, drift: Drift, *, corrected: bool) -> DriftedField:
        """Return what has drifted in a stack, and whether it was put back."""
        return cls(
            stack=stack,
            component=drift.component,
            api_version=drift.api_version,
            kind=drift.kind,
            namespace=drift.namespace,
            name=drift.name,
            path=drift.path,
            declared=drift.declared,
            live=drift.live,
            manager=drift.manager,
            why=drift.why,
            corrected=corrected,
        )
