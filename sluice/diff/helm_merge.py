"""What Helm's three-way merge takes away: what its last manifest had and the new one has not.

A dry run by another manager leaves such fields alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components.lib.manifests.schema import ANY, FieldSchema, resolve

__all__ = ["without_removed"]

_MERGE_KEY = "x-kubernetes-patch-merge-key"


def without_removed(merged: Any, before: Any, after: Any, schema: FieldSchema = ANY) -> Any:
    """Return the object without what `before` had and `after` has not.

    `schema` says by which key the items of a list are told apart; a list
    without one is left as it is.
    """
    if all(isinstance(each, Mapping) for each in (merged, before, after)):
        return {
            key: without_removed(item, before[key], after[key], _part(schema, key))
            if key in before and key in after
            else item
            for key, item in merged.items()
            if key not in before or key in after
        }
    key = schema.get(_MERGE_KEY)
    if key and all(isinstance(each, list) for each in (merged, before, after)):
        items = resolve(schema.get("items", ANY))
        return _without_removed_items(merged, _by(key, before), _by(key, after), key, items)
    return merged


def _without_removed_items(
    merged: list[Any],
    before: Mapping[Any, Any],
    after: Mapping[Any, Any],
    key: str,
    schema: FieldSchema,
) -> list[Any]:
    return [
        without_removed(item, before[name], after[name], schema)
        if name in before and name in after
        else item
        for item in merged
        for name in [item.get(key)]
        if name not in before or name in after
    ]


def _by(key: str, items: Iterable[Any]) -> dict[Any, Any]:
    return {item.get(key): item for item in items}


def _part(schema: FieldSchema, key: str) -> FieldSchema:
    properties = schema.get("properties")
    if properties is None:
        additional = schema.get("additionalProperties", ANY)
        return resolve(additional if isinstance(additional, Mapping) else ANY)
    return resolve(properties.get(key, ANY))
