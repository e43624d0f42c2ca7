"""Patches to objects: strategic merge and JSON 6902, as kustomize applies them.

Pure: a patch takes a manifest and returns a new one; leaves that are Pulumi
outputs are carried over as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components.errors import DeclarationError
from components.lib.manifests.schema import ANY, FieldSchema, field_schema, resolve

__all__ = ["merge_keys", "same_item", "strategic_merge"]

_DIRECTIVE = "$patch"
# Merge keys that name an item only together with another, by x-kubernetes-list-map-keys.
_SECOND_KEY = {
    "containerPort": "protocol",
    "port": "protocol",
    "topologyKey": "whenUnsatisfiable",
}
_DELETE_FROM = "$deleteFromPrimitiveList/"


def strategic_merge(
    original: Any, patch: Mapping[str, Any], schema: FieldSchema = ANY, *, where: str = ""
) -> Any:
    """Merge a patch into an object as `kubectl patch --type strategic` and kustomize do.

    Maps merge, null deletes, lists with a merge key merge by it (new items
    first, as kustomize has it), other lists are replaced.
    """
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return copy_of({key: value for key, value in patch.items() if key != _DIRECTIVE})
    if directive not in (None, "merge"):
        raise DeclarationError(f"{where}: {_DIRECTIVE}: {directive} is not allowed here")
    schema = resolve(schema)
    merged = dict(original) if isinstance(original, Mapping) else {}
    for key, value in patch.items():
        _merge_field(merged, key, value, schema, where)
    return merged


def _merge_field(
    merged: dict[str, Any], key: str, value: Any, schema: FieldSchema, where: str
) -> None:
    if key == _DIRECTIVE:
        return
    if key.startswith(_DELETE_FROM):
        name = key.removeprefix(_DELETE_FROM)
        merged[name] = [item for item in merged.get(name, ()) if item not in value]
    elif key.startswith("$"):
        raise DeclarationError(f"{where}: {key} is not a directive of strategic merge known here")
    elif value is None or _deletes(value) or _deletes_all(value):
        merged.pop(key, None)
    else:
        merged[key] = _merge_value(merged.get(key), value, field_schema(schema, key), where)


def _merge_value(original: Any, value: Any, schema: FieldSchema, where: str) -> Any:
    if isinstance(value, Mapping):
        return strategic_merge(original, value, schema, where=where)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    if "merge" not in schema.get("x-kubernetes-patch-strategy", ""):
        return copy_of(value)
    current = original if isinstance(original, list) else []
    merge_key = schema.get("x-kubernetes-patch-merge-key")
    if merge_key:
        return _merge_by_key(current, value, merge_key, schema.get("items", ANY), where)
    return list(dict.fromkeys([*value, *current]))


def _merge_by_key(
    original: list[Any], patch: Sequence[Any], key: str, schema: FieldSchema, where: str
) -> list[Any]:
    for item in patch:
        if not isinstance(item, Mapping):
            raise DeclarationError(f"{where}: an item of a list merged by {key!r} is {item!r}")
    directive = next((item[_DIRECTIVE] for item in patch if item.keys() == {_DIRECTIVE}), None)
    items = [item for item in patch if item.keys() != {_DIRECTIVE}]
    for item in items:
        if key not in item:
            raise DeclarationError(f"{where}: an item of a list is merged by {key!r} and has none")
    if directive == "replace":
        original = []
    return _merged_items(original, items, merge_keys(key, [*original, *items]), schema, where)


def merge_keys(key: str, items: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the keys that name an item of a list that merges by `key`: one, or two."""
    second = _SECOND_KEY.get(key, "")
    return (key, second) if any(second in item for item in items) else (key,)


def _merged_items(
    original: Sequence[Any],
    patch: Sequence[Any],
    keys: tuple[str, ...],
    schema: FieldSchema,
    where: str,
) -> list[Any]:
    """Merge items; kustomize puts patched ones first, but where two keys name an item."""
    merged = list(original)
    patched: list[Any] = []
    for item in patch:
        place = next((n for n, other in enumerate(merged) if same_item(other, item, keys)), None)
        result = (
            {}
            if _deletes(item)
            else strategic_merge(
                None if place is None else merged[place], item, schema, where=where
            )
        )
        if place is not None and len(keys) > 1 and result:
            merged[place] = result
            continue
        if place is not None:
            merged.pop(place)
        patched += [result] if result else []
    return [*patched, *merged]


def same_item(one: Mapping[str, Any], other: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether two items are one: a second key that either leaves out does not tell them apart."""
    first, *rest = keys
    return one.get(first) == other.get(first) and all(
        key not in one or key not in other or one[key] == other[key] for key in rest
    )


def _deletes(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get(_DIRECTIVE) == "delete"


def _deletes_all(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and {_DIRECTIVE: "delete"} in value


def copy_of(value: Any) -> Any:
    """Return a copy of a manifest's value, with the same outputs as its leaves."""
    if isinstance(value, Mapping):
        return {key: copy_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [copy_of(item) for item in value]
    return value
