"""The strategic merge patch between two objects: the way back from `apply_patch`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.lib.manifests.patch import merge_keys, same_item
from components.lib.manifests.schema import ANY, FieldSchema, field_schema, resolve

__all__ = ["difference"]

_DELETED = {"$patch": "delete"}


def difference(
    original: Mapping[str, Any], changed: Mapping[str, Any], schema: FieldSchema = ANY
) -> dict[str, Any]:
    """Return the patch that makes `changed` of `original`; empty where they are the same.

    The order of a list that merges by a key is not compared.
    """
    schema = resolve(schema)
    patch: dict[str, Any] = {}
    for key in dict.fromkeys([*original, *changed]):
        if key not in changed:
            patch[key] = None
        elif key not in original:
            patch[key] = changed[key]
        else:
            patch |= _field(key, original[key], changed[key], field_schema(schema, key))
    return patch


def _field(key: str, old: Any, new: Any, schema: FieldSchema) -> dict[str, Any]:
    if old == new:
        return {}
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        within = difference(old, new, schema)
        return {key: within} if within else {}
    merges = "merge" in schema.get("x-kubernetes-patch-strategy", "")
    if not merges or not isinstance(old, list) or not isinstance(new, list):
        return {key: new}
    merge_key = schema.get("x-kubernetes-patch-merge-key")
    if merge_key is None:
        return _values(key, old, new)
    items = _items(old, new, merge_keys(merge_key, [*old, *new]), schema.get("items", ANY))
    return {key: items} if items else {}


def _values(key: str, old: Sequence[Any], new: Sequence[Any]) -> dict[str, Any]:
    added = [value for value in new if value not in old]
    removed = [value for value in old if value not in new]
    return {
        **({f"$deleteFromPrimitiveList/{key}": removed} if removed else {}),
        **({key: added} if added else {}),
    }


def _items(
    old: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
    keys: tuple[str, ...],
    schema: FieldSchema,
) -> list[dict[str, Any]]:
    patches: list[dict[str, Any]] = []
    for item in new:
        before = next((other for other in old if same_item(other, item, keys)), None)
        if before is None:
            patches.append(dict(item))
        elif within := difference(before, item, schema):
            patches.append({**_named(item, keys), **within})
    gone = [item for item in old if not any(same_item(item, other, keys) for other in new)]
    return [*patches, *({**_named(item, keys), **_DELETED} for item in gone)]


def _named(item: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: item[key] for key in keys if key in item}
