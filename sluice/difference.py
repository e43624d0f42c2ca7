"""What differs between what is declared and a cluster, as records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.manifests.identity import Identity
from sluice.danger import loss

__all__ = ["Comparison", "Difference", "Ignored", "field_differences"]

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
class Comparison:
    """What differs.

    Attributes:
        differences: in the order of the objects' declaration, deletions last.
        ignored: what was not compared.
        unchanged: how many objects are as declared.
        unread: why what may not be read was not compared, by its name.

    """

    differences: list[Difference]
    ignored: list[Ignored]
    unchanged: int
    unread: Mapping[str, str] = field(default_factory=dict)


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
