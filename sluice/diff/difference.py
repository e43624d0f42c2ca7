"""What differs between what is declared and a cluster, as records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.lib.manifests.identity import Identity
from sluice.diff.change import FieldDifference
from sluice.diff.danger import loss

__all__ = [
    "Comparison",
    "Difference",
    "Ignored",
    "Left",
    "Move",
    "ObjectDifference",
    "StackDifference",
    "field_differences",
]

_PLAIN: Final = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Difference:
    """An object that is not as it is declared; secret values are masked on both sides.

    Attributes:
        operation: what applying does: `create`, `update`, `replace` or `delete`.
        component: the component that the object belongs to.
        release: its Helm release, `namespace/name`; empty for an object of Pulumi's.
        identity: which object it is.
        before: the live object without what the server writes; None where it is not there.
        after: the object as it would be; None where it would be deleted.
        note: what else there is to know, such as what it needs and is not there.
        refusal: why the cluster refuses it; empty where it does not.
        warnings: what the cluster's admission warns of: Pod Security, policies that do not deny.

    """

    operation: str
    component: str
    release: str
    identity: Identity
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    note: str = ""
    refusal: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def loss(self) -> str:
        """What is lost with the object; empty where nothing is."""
        return loss(self.operation, self.identity.kind)

    @property
    def fields(self) -> list[tuple[str, Any, Any]]:
        """Each path that differs, such as `spec.replicas`, with both values, None for none."""
        return (
            list(field_differences(self.before, self.after)) if self.before and self.after else []
        )


@dataclass(frozen=True)
class Ignored:
    """A field, or an object, that is not compared.

    Attributes:
        identity: the object.
        path: the field, such as `spec.replicas`; empty for the whole object.
        reason: why.

    """

    identity: Identity
    path: str
    reason: str


@dataclass(frozen=True)
class Move:
    """An object that belongs to another component than it was deployed by.

    Attributes:
        identity: the object.
        before: the component that the state has it in: `kustomization/dashboards`.
        after: the component that declares it.

    """

    identity: Identity
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.identity}: moved from {self.before} to {self.after}"


@dataclass(frozen=True)
class Comparison:
    """What differs.

    Attributes:
        differences: in the order of the objects' declaration, deletions last.
        ignored: what was not compared.
        unchanged: how many objects are as declared.
        unread: why what may not be read was not compared, by its name.
        moves: the objects that an update only hands to another component.

    """

    differences: list[Difference]
    ignored: list[Ignored]
    unchanged: int
    unread: Mapping[str, str] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


def field_differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each path below `path` that differs, with both values, None for none.

    Lists of another length are compared by their items' names where they have some.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({**before, **after}):
            place = f"{path}.{key}" if _PLAIN.fullmatch(key) else f'{path}["{key}"]'
            yield from field_differences(before.get(key), after.get(key), place.lstrip("."))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    elif before != after:
        yield path, before, after


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    if len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from field_differences(*pair, f"{path}[{index}]")
        return
    left, right = _named(before), _named(after)
    if left is None or right is None:
        yield path, before, after
        return
    for name in dict.fromkeys((*left, *right)):
        yield from field_differences(left.get(name), right.get(name), f"{path}[name={name}]")


def _named(items: list[Any]) -> dict[str, Any] | None:
    named = {
        str(item["name"]): item for item in items if isinstance(item, Mapping) and "name" in item
    }
    return named if len(named) == len(items) else None


@dataclass(frozen=True)
class ObjectDifference:
    """An object that is not as it is declared; secret values are masked.

    Attributes:
        operation: `create`, `update`, `replace` or `delete`; `orphan` where it is declared
            no more, and stays.
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
class MovedObject:
    """An object that an update only hands to another component.

    Attributes:
        object: the object.
        moved_from: the component that it belongs to until then: `kustomization/dashboards`.
        component: the component that declares it.

    """

    object: str
    moved_from: str
    component: str


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
        moves: objects that only belong to another component.

    """

    stack: str
    differences: list[ObjectDifference]
    unchanged: int
    ignored: list[Left]
    unknown: list[Left]
    moves: list[MovedObject]

    @classmethod
    def of(cls, stack: str, found: Comparison, unknown: Mapping[str, str]) -> StackDifference:
        """Return the record of a comparison, and of each release without one."""
        return cls(
            stack,
            [ObjectDifference.of(each) for each in found.differences],
            found.unchanged,
            [Left(str(each.identity), each.path, each.reason) for each in found.ignored],
            [Left(release, "", reason) for release, reason in unknown.items()],
            [MovedObject(str(each.identity), each.before, each.after) for each in found.moves],
        )
