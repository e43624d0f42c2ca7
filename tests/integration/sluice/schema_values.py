"""Values of a field, as its schema has them: empty ones, and some that are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.lib.manifests.schema import FieldSchema, field_schema, resolve, schema_of

Path = tuple[str | int, ...]
_EMPTY = {"boolean": False, "integer": 0, "string": "", "array": [], "object": {}}
# Words that many fields take; what a field does not take, the API server refuses.
_WORDS = ("x", "Always", "Never", "Local", "None", "Memory", "Retain", "Exists", "10.0.0.1")
_DEEP = 4


def fields(manifest: Mapping[str, Any]) -> list[tuple[Path, FieldSchema]]:
    """Every field that a manifest could declare, in the maps that it has."""
    schema = schema_of(manifest["apiVersion"], manifest["kind"])
    return [
        (path, inner)
        for path, inner in _fields(manifest, schema, ())
        if path[0] not in ("apiVersion", "kind", "metadata", "status")
    ]


def _fields(value: Any, schema: FieldSchema, path: Path) -> Iterator[tuple[Path, FieldSchema]]:
    if isinstance(value, Mapping):
        for key in {**schema.get("properties", {}), **value}:
            inner = field_schema(schema, key)
            yield (*path, key), inner
            yield from _fields(value.get(key), inner, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _fields(item, resolve(schema.get("items", {})), (*path, index))


def empty(schema: FieldSchema) -> Any:
    """The empty value of a field; None where its schema has no type."""
    return _EMPTY.get(schema.get("type", ""))


def filled(schema: FieldSchema, deep: int = 0) -> list[Any]:
    """Values that a field may have, none of them empty."""
    if deep > _DEEP:
        return []
    match schema.get("type"):
        case "boolean":
            return [True]
        case "integer" | "number":
            return [7, 1]
        case "array":
            return [[each] for each in filled(resolve(schema.get("items", {})), deep + 1)]
        case "object":
            return list(_objects(schema, deep))
    return list(_WORDS)


def _objects(schema: FieldSchema, deep: int) -> Iterator[dict[str, Any]]:
    names = schema.get("properties")
    if names is None:
        yield from ({"x": each} for each in filled(field_schema(schema, "x"), deep + 1)[:2])
        return
    required = {}
    for name in schema.get("required", ()):
        values = filled(field_schema(schema, name), deep + 1)
        required[name] = values[0] if values else "x"
    for name in names:
        for value in filled(field_schema(schema, name), deep + 1)[:2]:
            yield {**required, name: value}
