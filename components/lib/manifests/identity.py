"""Which object a manifest is about: API version, kind, namespace and name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.errors import DeclarationError

__all__ = ["Identity", "identify"]


@dataclass(frozen=True, order=True)
class Identity:
    """An object's identity; `namespace` is empty where the manifest names none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from other objects, whichever version of its API names it."""
        return self.group, self.kind, self.namespace, self.name

    @property
    def path(self) -> str:
        """`namespace/name`, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


def identify(manifest: Mapping[str, Any], *, where: str = "") -> Identity:
    """Read a manifest's identity.

    Raises:
        DeclarationError: where `apiVersion`, `kind` or `metadata.name` is missing or no text.

    """
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return Identity(
        api_version=_text(manifest, "apiVersion", "apiVersion", where),
        kind=_text(manifest, "kind", "kind", where),
        namespace=metadata.get("namespace") or "",
        name=_text(metadata, "name", "metadata.name", where),
    )


def _text(mapping: Mapping[str, Any], key: str, path: str, where: str) -> str:
    value = mapping.get(key)
    if not isinstance(value, str) or not value:
        place = f"{where}: " if where else ""
        raise DeclarationError(f"{place}a manifest needs {path} as text, got {value!r}")
    return value
