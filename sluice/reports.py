"""What `diff` and `preview` print for programs, in the form of `docs/schemas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.change import FieldDifference, VersionChange
from sluice.difference import Comparison, Difference

__all__ = ["Left", "ObjectDifference", "PlannedChange", "StackDifference"]


@dataclass(frozen=True)
class ObjectDifference:
    """An object that is not as it is declared; secret values are masked.

    Attributes:
        operation: `create`, `update`, `replace` or `delete`.
        component: the component that it belongs to.
        release: its Helm release, `namespace/name`; empty for an object of Pulumi's.
        api_version: its API version.
        kind: its kind.
        namespace: its namespace; empty where it has none.
        name: its name.
        loss: what is lost with it; empty where nothing is.
        note: what else there is to know, such as what it needs and is not there.
        fields: the fields that differ, of an object that is on both sides.
        before: the live object; null where it is not there.
        after: the object as it would be; null where it would be deleted.
        warnings: what the cluster's admission warns of: Pod Security, policies that do not deny.
        refusal: why the cluster refuses it; empty where it does not.

    """

    operation: str
    component: str
    release: str
    api_version: str
    kind: str
    namespace: str
    name: str
    loss: str
    note: str
    fields: list[FieldDifference]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    warnings: list[str]
    refusal: str

    @classmethod
    def of(cls, found: Difference) -> ObjectDifference:
        """Return the record of a difference."""
        identity = found.identity
        return cls(
            operation=found.operation,
            component=found.component,
            release=found.release,
            api_version=identity.api_version,
            kind=identity.kind,
            namespace=identity.namespace,
            name=identity.name,
            loss=found.loss,
            note=found.note,
            fields=[FieldDifference(*field) for field in found.fields],
            before=found.before,
            after=found.after,
            warnings=list(found.warnings),
            refusal=found.refusal,
        )


@dataclass(frozen=True)
class Left:
    """Something that is not compared.

    Attributes:
        object: the object, or the Helm release `namespace/name`.
        path: the field; empty for all of it.
        reason: why.

    """

    object: str
    path: str
    reason: str


@dataclass(frozen=True)
class StackDifference:
    """What differs between a stack in Git and its cluster.

    Attributes:
        stack: the stack.
        differences: the objects that differ, what loses data first.
        unchanged: how many objects are as declared.
        ignored: objects and fields that are not the stack's to compare.
        unknown: Helm releases that could not be rendered, and what may not be read.

    """

    stack: str
    differences: list[ObjectDifference]
    unchanged: int
    ignored: list[Left]
    unknown: list[Left]

    @classmethod
    def of(cls, stack: str, found: Comparison, unknown: Mapping[str, str]) -> StackDifference:
        """Return the record of a comparison, and of each release without one."""
        return cls(
            stack,
            [ObjectDifference.of(each) for each in found.differences],
            found.unchanged,
            [Left(str(each.identity), each.path, each.reason) for each in found.ignored],
            [Left(release, "", reason) for release, reason in unknown.items()],
        )


@dataclass(frozen=True)
class PlannedChange:
    """An object that an update would change.

    Attributes:
        stack: its stack.
        operation: `create`, `update`, `replace` or `delete`.
        component: the component that it belongs to.
        component_kind: that component's kind, such as `HelmRelease`.
        release: the Helm release that it is in, `namespace/name`; else empty.
        kind: its kind; `Release` for a Helm release.
        namespace: its namespace; empty where it has none.
        name: its name.
        fields: the fields that differ, of an object that is there already.
        versions: the images and charts that it runs in another version.
        loss: what is lost with it; empty where nothing is.
        note: what else there is to know, such as what a replacement interrupts.
        warnings: what the cluster's admission warns of: Pod Security, policies that do not deny.
        refusal: why the cluster refuses it; empty where it does not.

    """

    stack: str
    operation: str
    component: str
    component_kind: str
    release: str
    kind: str
    namespace: str
    name: str
    fields: list[FieldDifference]
    versions: list[VersionChange]
    loss: str
    note: str
    warnings: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def findings(self) -> list[str]:
        """What the cluster's policies find with it, a refusal first."""
        return [*([f"refused: {self.refusal}"] if self.refusal else []), *self.warnings]
