"""A patch of objects that a component makes: strategic merge or JSON 6902."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonpatch
from jsonpointer import JsonPointer, JsonPointerException

from components.base.location import caller
from components.errors import DeclarationError
from components.lib.manifests.identity import Identity
from components.lib.manifests.patch import copy_of, strategic_merge
from components.lib.manifests.schema import schema_of

__all__ = ["Patch", "apply_patch"]


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
    copied = copy_of(manifest)
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
