"""Who owns a field: an object's `metadata.managedFields`, as server-side apply keeps them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = [
    "Fields",
    "Owners",
    "Path",
    "below",
    "fields_of",
    "foreign",
    "is_whole",
    "item",
    "newest_applier",
    "owner",
    "owners_of",
    "shown",
]

Path = tuple[str | int, ...]
"""A field: names and, in lists, positions."""

Fields = Mapping[str, Any]
"""A set of fields as Kubernetes writes it (FieldsV1)."""

# Parts of Kubernetes that add what belongs to them, such as a Deployment's revision.
_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
# What controllers keep on any object.
_BOOKKEEPING: tuple[Path, ...] = (
    ("metadata", "finalizers"),
    ("metadata", "ownerReferences"),
    ("status",),
)


def shown(path: Path) -> str:
    """Return a path as people write it: `spec.template.spec.containers[0].image`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".")


def fields_of(live: Mapping[str, Any], managers: Collection[str]) -> list[Fields]:
    """Return what these managers own of an object, a set for each way they wrote it."""
    entries = [
        entry
        for entry in live["metadata"].get("managedFields") or ()
        if not entry.get("subresource")
    ]
    others = [entry["fieldsV1"] for entry in entries if entry["manager"] not in managers]
    own = [entry["fieldsV1"] for entry in entries if entry["manager"] in managers]
    return [_apart(fields, others) for fields in own] if others else own


class Owners(NamedTuple):
    """Who owns an object, or what is below a field of it.

    Attributes:
        ours: what we own, a set for each way we wrote it.
        others: what others own.
        kubernetes: what Kubernetes' own parts own.

    """

    ours: Sequence[Fields]
    others: Sequence[Fields]
    kubernetes: Sequence[Fields]

    def below(self, name: str) -> Owners:
        """Return who owns what is below a field of a map."""
        ours, others, kubernetes = self
        return Owners(
            below(ours, name),
            below(others, name) if others else others,
            below(kubernetes, name) if kubernetes else kubernetes,
        )

    def item(self, value: Any) -> Owners:
        """Return who owns what is below an item of a list that merges by keys."""
        ours, others, kubernetes = self
        return Owners(
            item(ours, value),
            item(others, value) if others else others,
            item(kubernetes, value) if kubernetes else kubernetes,
        )


def owners_of(live: Mapping[str, Any], managers: Collection[str]) -> Owners:
    """Return who owns an object; these managers are ours."""
    others: list[Fields] = []
    kubernetes: list[Fields] = []
    for entry in live["metadata"].get("managedFields") or ():
        if entry.get("subresource") == "status" or entry["manager"] in managers:
            continue
        part = entry["manager"] in _CONTROL_PLANE
        (kubernetes if part else others).append(entry["fieldsV1"])
    return Owners(fields_of(live, managers), others, kubernetes)


def _apart(fields: Fields, others: Sequence[Fields]) -> Fields:
    """Mark a map that is owned as such, while others own what is in it, as not owned whole."""
    if not fields:
        return {".": {}} if any(others) else fields
    return {
        key: _apart(inner, [other[key] for other in others if key in other])
        for key, inner in fields.items()
    }


def below(sets: Sequence[Fields], name: str) -> list[Fields]:
    """Return what is owned below a field of a map: all of it, where the map is owned whole."""
    key = f"f:{name}"
    return [fields.get(key, fields) for fields in sets if key in fields or not fields]


def is_whole(sets: Sequence[Fields]) -> bool:
    """Whether a field is owned as one value, with all that is in it."""
    return any(not fields for fields in sets)


def item(sets: Sequence[Fields], value: Any) -> list[Fields]:
    """Return what is owned below an item of a list that merges by keys."""
    whole = [fields for fields in sets if not fields]
    return whole + [
        fields[key]
        for fields in sets
        for key in fields
        if key.startswith("k:") and _is_item(_keys(key), value)
    ]


def owner(live: Mapping[str, Any], path: Path) -> str:
    """Return the manager that has written a field last; empty where nobody owns it."""
    entries = sorted(
        live["metadata"].get("managedFields") or (), key=lambda entry: str(entry.get("time", ""))
    )
    owners = [entry["manager"] for entry in entries if _holds(entry["fieldsV1"], live, path)]
    return str(owners[-1]) if owners else ""


def newest_applier(live: Mapping[str, Any], ours: str) -> str:
    """Return who has applied an object after us by server-side apply; empty where nobody has.

    Who only adds a field of its own, as cert-manager's injector does, is nobody; neither is
    a person's `kubectl`, which edits what others declare.
    """
    entries = [
        entry
        for entry in live["metadata"].get("managedFields") or ()
        if entry.get("operation") == "Apply" and not entry.get("subresource")
    ]
    last = max(entries, key=lambda entry: str(entry.get("time", "")), default=None)
    manager = str(last["manager"]) if last else ours
    if last is None or manager == ours or manager.startswith("kubectl"):
        return ""
    own = {
        leaf for each in entries if each["manager"] == ours for leaf in _leaves(each["fieldsV1"])
    }
    return manager if not own or own & set(_leaves(last["fieldsV1"])) else ""


def _leaves(fields: Fields, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not fields:
        yield path
    for key, inner in fields.items():
        if key != ".":
            yield from _leaves(inner, (*path, key))


def foreign(
    declared: Mapping[str, Any], live: Mapping[str, Any], ours: Collection[str]
) -> Iterator[tuple[Path, str]]:
    """Yield each field, with its manager, that others have added to a map that is declared.

    What Kubernetes' own controllers add belongs there, as do items of lists.
    """
    for entry in live["metadata"].get("managedFields") or ():
        manager = entry["manager"]
        if manager in ours or manager in _CONTROL_PLANE or entry.get("subresource"):
            continue
        for path in _added(entry["fieldsV1"], declared, live, ()):
            yield path, str(manager)


def _added(fields: Fields, declared: Any, live: Any, path: Path) -> Iterator[Path]:
    for key, inner in fields.items():
        if key.startswith("f:") and isinstance(declared, Mapping) and isinstance(live, Mapping):
            name = key[2:]
            if name in live and name in declared:
                yield from _added(inner, declared[name], live[name], (*path, name))
            elif name in live and (*path, name) not in _BOOKKEEPING:
                yield (*path, name)
        elif key.startswith("k:") and isinstance(declared, list) and isinstance(live, list):
            keys = _keys(key)
            ours = next((value for value in declared if _is_item(keys, value)), None)
            for index, value in enumerate(live):
                if _is_item(keys, value):
                    yield from _added(inner, ours, value, (*path, index))


def _holds(fields: Fields, live: Any, path: Path) -> bool:
    if not path or not fields:
        return True
    first, *rest = path
    if isinstance(first, int):
        if not isinstance(live, list) or first >= len(live):
            return False
        inside = item([fields], live[first])
        return any(_holds(each, live[first], tuple(rest)) for each in inside)
    inner = fields.get(f"f:{first}")
    value = live.get(first) if isinstance(live, Mapping) else None
    return inner is not None and _holds(inner, value, tuple(rest))


@lru_cache(maxsize=4096)
def _keys(key: str) -> Mapping[str, Any]:
    keys: Mapping[str, Any] = json.loads(key[2:])
    return keys


def _is_item(keys: Mapping[str, Any], value: Any) -> bool:
    # A key that is left out has its default, as a port's protocol.
    return isinstance(value, Mapping) and all(value.get(k, v) == v for k, v in keys.items())
