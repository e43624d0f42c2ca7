"""Patches to objects: strategic merge and JSON 6902, as kustomize applies them.

Pure: a patch takes a manifest and returns a new one; leaves that are Pulumi
outputs are carried over as they are.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonpatch
from jsonpointer import JsonPointer, JsonPointerException

from components.errors import DeclarationError
from components.location import caller
from components.manifests.identity import Identity
from components.manifests.schema import ANY, FieldSchema, field_schema, resolve, schema_of

__all__ = ["Patch", "apply_patch", "merge_keys", "same_item", "strategic_merge"]

_DIRECTIVE = "$patch"
# Merge keys that name an item only together with another, by x-kubernetes-list-map-keys.
_SECOND_KEY = {
    "containerPort": "protocol",
    "port": "protocol",
    "topologyKey": "whenUnsatisfiable",
}
_DELETE_FROM = "$deleteFromPrimitiveList/"


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A change to every object of a kind and name that the environment's members make.

    Attributes:
        kind: the object's kind, such as `Deployment`.
        name: the object's name; `*` and `?` match as in file names.
        namespace: only objects of this namespace; by default of any.
        merge: a strategic merge patch: what to change, in the object's own shape.
        json6902: JSON Patch operations (RFC 6902): `{"op": …, "path": …, "value": …}`.

    Exactly one of `merge` and `json6902` is given. Answers to an entry of
    `patches` in a kustomization.

    """

    kind: str
    name: str
    namespace: str = ""
    merge: Mapping[str, Any] | None = None
    json6902: Sequence[Mapping[str, Any]] | None = None
    where: str = field(default_factory=caller, compare=False, repr=False)

    def __post_init__(self) -> None:
        if (self.merge is None) == (self.json6902 is None):
            raise DeclarationError(
                f"{self.where}: {self}: give either merge= or json6902=, and not both"
            )

    def __str__(self) -> str:
        return f"patch to {self.kind} {f'{self.namespace}/' if self.namespace else ''}{self.name}"

    def matches(self, identity: Identity) -> bool:
        """Whether the patch is meant for the object."""
        return (
            self.kind == identity.kind
            and fnmatch.fnmatchcase(identity.name, self.name)
            and self.namespace in ("", identity.namespace)
        )


def apply_patch(manifest: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """Return the manifest as the patch leaves it.

    Raises:
        DeclarationError: where an operation names a path that is not there, a
            test fails, or a merge directive is not one of Kubernetes'.

    """
    copied = _copy(manifest)
    if patch.merge is not None:
        schema = schema_of(manifest.get("apiVersion", ""), manifest.get("kind", ""))
        return dict(strategic_merge(copied, patch.merge, schema, where=f"{patch.where}: {patch}"))
    for operation in patch.json6902 or ():
        if not isinstance(operation, Mapping):
            raise DeclarationError(f"{patch.where}: {patch}: {operation!r} is no operation")
    try:
        patched: Any = copied
        for operation in patch.json6902 or ():
            one = jsonpatch.JsonPatch([_as_kustomize(operation, patched)])
            patched = one.apply(patched, in_place=True)
    except (jsonpatch.JsonPatchException, JsonPointerException) as error:
        raise DeclarationError(f"{patch.where}: {patch}: {error}") from error
    return dict(patched)


def _as_kustomize(operation: Mapping[str, Any], manifest: Any) -> dict[str, Any]:
    """Let `replace` make a key that is not there, which RFC 6902 refuses and kustomize does."""
    if operation.get("op") != "replace" or "path" not in operation:
        return dict(operation)
    holder, key = JsonPointer(operation["path"]).to_last(manifest)
    makes = isinstance(holder, Mapping) and key is not None
    return {**operation, "op": "add"} if makes else dict(operation)


def strategic_merge(
    original: Any, patch: Mapping[str, Any], schema: FieldSchema = ANY, *, where: str = ""
) -> Any:
    """Merge a patch into an object as `kubectl patch --type strategic` and kustomize do.

    Maps merge, null deletes, lists with a merge key merge by it (new items
    first, as kustomize has it), other lists are replaced.
    """
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return _copy({key: value for key, value in patch.items() if key != _DIRECTIVE})
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
        return _copy(value)
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


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item) for item in value]
    return value
