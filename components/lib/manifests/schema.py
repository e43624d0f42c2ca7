"""The schema of the pinned Kubernetes version: what an object's fields are and how lists merge.

Manifests are refused here with the field's path, before the API server sees
them. Kinds that the schema does not know (custom resources) are checked for
what every object needs.
"""

from __future__ import annotations

import difflib
import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.errors import DeclarationError
from components.lib.manifests import fields
from components.lib.manifests.identity import identify

__all__ = ["ANY", "FieldSchema", "field_schema", "resolve", "schema_of", "validate"]

FieldSchema = Mapping[str, Any]

ANY: Final[FieldSchema] = {}
_FILE = Path(__file__).with_name("kubernetes.json.gz")
_REFERENCE = "#/definitions/"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "array": (list, tuple),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def schema_of(api_version: str, kind: str) -> FieldSchema:
    """Return the schema of a kind, or `ANY` where this Kubernetes version has none."""
    return _kinds().get((api_version, kind), ANY)


def validate(manifest: Mapping[str, Any], *, where: str = "") -> None:
    """Refuse a manifest that the API server would refuse for its shape.

    `where` names the declaration (file and line) in the error. Unknown
    fields are refused too, as `kubectl --validate=strict` does. Leaves that
    are outputs are not looked at.

    Raises:
        DeclarationError: naming the object, each field's path and what is wrong.

    """
    identity = identify(manifest, where=where)
    schema = schema_of(identity.api_version, identity.kind)
    problems = list(_problems(manifest, schema, ""))
    if problems:
        place = f"{where}: " if where else ""
        raise DeclarationError(f"{place}{identity}: " + "; ".join(problems))


def resolve(schema: FieldSchema) -> FieldSchema:
    """Follow a `$ref` to its definition, keeping the merge keys written beside it."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    definition = _definitions()[reference.removeprefix(_REFERENCE)]
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**definition, **beside} if beside else definition


def field_schema(schema: FieldSchema, key: str) -> FieldSchema:
    """Return the schema of an object's field."""
    properties = schema.get("properties")
    if properties is None:
        additional = schema.get("additionalProperties", ANY)
        return resolve(additional if isinstance(additional, Mapping) else ANY)
    return resolve(properties.get(key, ANY))


def _problems(value: Any, schema: FieldSchema, path: str) -> Iterator[str]:
    if schema.get("$ref") == _REFERENCE + _QUANTITY:
        yield from _quantity_problems(value, path)
        return
    schema = resolve(schema)
    kind = schema.get("type")
    if value is None or fields.is_output(value) or kind is None:
        return
    if not _fits(value, kind, schema.get("format", "")):
        yield f"{path}: want {kind}, got {_name(value)} {value!r}"
    elif kind == "array":
        for index, item in enumerate(value):
            yield from _problems(item, schema.get("items", ANY), f"{path}[{index}]")
    elif kind == "object":
        yield from _object_problems(value, schema, path)


def _object_problems(value: Mapping[str, Any], schema: FieldSchema, path: str) -> Iterator[str]:
    properties = schema.get("properties")
    if properties is None:
        for key, item in value.items():
            yield from _problems(item, schema.get("additionalProperties", ANY), f"{path}.{key}")
        return
    for key, item in value.items():
        if key in properties:
            yield from _problems(item, properties[key], f"{path}.{key}".lstrip("."))
        else:
            yield f"unknown field {path}.{key}".replace(" .", " ") + _suggestion(key, properties)
    for key in schema.get("required", ()):
        if value.get(key) is None:
            yield f"{path}.{key} is required".lstrip(".")


def _quantity_problems(value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    try:
        fields.quantity(path, value)
    except DeclarationError as error:
        yield str(error)


def _fits(value: Any, kind: str, form: str) -> bool:
    if form == "int-or-string":
        return isinstance(value, (int, str)) and not isinstance(value, bool)
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _name(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object" if isinstance(value, dict) else type(value).__name__)


def _suggestion(key: str, properties: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, properties, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return document


def _definitions() -> dict[str, FieldSchema]:
    definitions: dict[str, FieldSchema] = _document()["definitions"]
    return definitions


@cache
def _kinds() -> dict[tuple[str, str], FieldSchema]:
    kinds = {}
    for definition in _definitions().values():
        for gvk in definition.get("x-kubernetes-group-version-kind", ()):
            api_version = "/".join(part for part in (gvk["group"], gvk["version"]) if part)
            kinds[api_version, gvk["kind"]] = definition
    return kinds
