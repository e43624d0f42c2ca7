"""`Ignore`: fields of a component's objects that are left to others."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.base.location import caller
from components.errors import DeclarationError

__all__ = ["Ignore"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """Fields that somebody else sets: they are no drift, and an update leaves them as they are.

    Answers to `spec.driftDetection.ignore` of Flux's HelmRelease.

    Attributes:
        paths: JSON pointers (RFC 6901), each for a field and all below it:
            `/spec/replicas`, `/metadata/annotations/example.org~1owner`.
        kind: the kind of the objects; by default any.
        name: their name, `*` standing for any text; by default any.
        where: file and line, found by itself.

    Raises:
        DeclarationError: where a path is not a pointer to a field.

    """

    paths: Sequence[str]
    kind: str = "*"
    name: str = "*"
    where: str = field(default_factory=caller, compare=False, repr=False)

    def __post_init__(self) -> None:
        for path in self.paths:
            if not path.startswith("/") or path == "/" or isinstance(self.paths, str):
                raise DeclarationError(
                    f"{self.where}: Ignore: paths: {path!r} is no JSON pointer; "
                    "write paths=['/spec/replicas']"
                )

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Ignore:
        """Read what `as_dict` wrote."""
        return cls(paths=entry["paths"], kind=entry["kind"], name=entry["name"], where="")

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as a stack's state keeps it."""
        return {"paths": list(self.paths), "kind": self.kind, "name": self.name}

    def matches(self, kind: str, name: str) -> bool:
        """Whether the rule is about an object."""
        return self.kind in ("*", kind) and fnmatch.fnmatchcase(name, self.name)

    def covers(self, field_path: Sequence[str | int]) -> bool:
        """Whether a field is one of these or lies below one."""
        parts = [str(part) for part in field_path]
        return any(parts[: len(pointer)] == pointer for pointer in map(_parts, self.paths))

    def ignore_changes(self) -> list[str]:
        """Return the paths as Pulumi's `ignore_changes` takes them: `spec.replicas`."""
        return ["".join(map(_property, _parts(path))).lstrip(".") for path in self.paths]


def _parts(pointer: str) -> list[str]:
    parts = pointer.split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _property(part: str) -> str:
    if part.isdigit():
        return f"[{part}]"
    return f".{part}" if _PLAIN.fullmatch(part) else f'["{part}"]'
