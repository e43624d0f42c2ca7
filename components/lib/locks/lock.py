"""A stack's lock file: what was resolved outside Git for `stacks/<stack>.py`.

Written by `sluice lock`, reviewed and committed like code, read by `pulumi up`.
Flux has no counterpart: it resolves ranges in the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml

from components.errors import ArtifactError, DeclarationError
from components.lib.files import atomic_file, strict_yaml
from components.lib.locks.lock_entry import LockEntry, Request
from components.lib.locks.locked_chart import LockedChart
from components.lib.locks.locked_image import LockedImage
from components.lib.locks.locked_source import LockedSource

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SECTIONS", "Lock"]

E = TypeVar("E", bound=LockEntry)
_HEADER = "# Written by `sluice lock`; reviewed and committed like code.\n"
_SUFFIX = ".lock.yaml"

SECTIONS: Final[Mapping[str, type[LockEntry]]] = {
    "bases": LockedSource,
    "charts": LockedChart,
    "images": LockedImage,
    "sources": LockedSource,
}
"""The sections of the file, in its order, and what each holds by name."""


@dataclass(frozen=True)
class Lock:
    """What a stack's lock file holds, by the name of what asks for it. Empty by default.

    Attributes:
        bases: the revision of each remote base of a kustomization.
        charts: the chart of each HelmRelease.
        images: the image of each ImagePolicy.
        sources: the revision of each GitRepository and OCIRepository.

    """

    bases: Mapping[str, LockedSource] = field(default_factory=dict)
    charts: Mapping[str, LockedChart] = field(default_factory=dict)
    images: Mapping[str, LockedImage] = field(default_factory=dict)
    sources: Mapping[str, LockedSource] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Mapping[str, Mapping[str, LockEntry]]) -> Lock:
        """Take entries by section and name."""
        return cls(**entries)  # type: ignore[arg-type]  # each section holds its own kind

    @classmethod
    def load(cls, path: Path) -> Lock:
        """Read a lock file; a missing one is an empty lock.

        Raises ArtifactError naming file, entry and what to do where anything
        in it is unknown, missing or of the wrong form.
        """
        content = strict_yaml.load_mapping(path)
        unknown = sorted(content.keys() - SECTIONS)
        if unknown:
            raise ArtifactError(f"{path}: unknown section {unknown[0]!r}; remove it.")
        return cls.of({name: _section(path, name, content[name]) for name in content})

    @property
    def entries(self) -> Mapping[str, Mapping[str, LockEntry]]:
        """The entries by section and name."""
        return {section: getattr(self, section) for section in SECTIONS}

    def dump(self) -> str:
        """Return the file's text: sorted by name, one key a line, the same for the same lock."""
        content = {
            section: {name: _entry(entries[name]) for name in sorted(entries)}
            for section, entries in self.entries.items()
            if entries
        }
        if not content:
            return _HEADER
        return _HEADER + yaml.dump(
            content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
        )

    def save(self, path: Path) -> None:
        """Write the file in one step; raises ArtifactError where that fails."""
        atomic_file.write(path, self.dump().encode())

    def answer(self, request: Request[E], stack: str) -> E:
        """Return the entry that answers a request.

        Raises ArtifactError, which ends with the command that mends it, where
        there is none, or it is for another source or not allowed any more.
        """
        locked: E | None = self.entries[request.SECTION].get(request.name)  # type: ignore[assignment]
        if locked is None:
            raise ArtifactError(
                f"The {request.NOUN} of {request.name!r} is not locked; run `sluice lock {stack}`.",
            )
        reason = locked.mismatch(request)
        if reason:
            raise ArtifactError(
                f"The lock entry of {request.name!r} is outdated: {reason};"
                f" run `sluice lock {stack}`.",
            )
        return locked

    def fits(self, request: Request[Any]) -> bool:
        """Whether an entry answers a request."""
        locked = self.entries[request.SECTION].get(request.name)
        return locked is not None and not locked.mismatch(request)

    def refuse_unasked(self, requests: Iterable[Request[Any]], stack: str) -> None:
        """Raise ArtifactError, which says what mends it, for an entry that no request is for."""
        asked = {(request.SECTION, request.name) for request in requests}
        for section, entries in self.entries.items():
            for name in entries:
                if (section, name) not in asked:
                    raise ArtifactError(
                        f"The lock of {stack} has an entry {section}.{name} that nothing of the"
                        f" stack asks for; run `sluice lock {stack}`.",
                    )


class _Quoted(str):
    """Text that is always quoted, so that a changed word does not change the quotes."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, which knows quoted text and writes a shared day out each time."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


_Dumper.add_representer(
    _Quoted,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"'),
)


def _entry(entry: LockEntry) -> dict[str, Any]:
    texts = {key: getattr(entry, key) for key in entry.keys()}  # noqa: SIM118 - no mapping
    written = {key: value for key, value in texts.items() if value != ""}
    return written | {"reason": _Quoted(entry.reason)}


def _section(path: Path, section: str, content: Any) -> dict[str, LockEntry]:
    if not isinstance(content or {}, dict):
        raise ArtifactError(f"{path}: {section} holds no entries by name; correct it.")
    kind = SECTIONS[section]
    return {
        name: _parsed(path, f"{section}.{name}", kind, name, entry)
        for name, entry in (content or {}).items()
    }


def _parsed(path: Path, key: str, kind: type[LockEntry], name: str, entry: Any) -> LockEntry:
    try:
        return kind.parse(name, entry)
    except DeclarationError as error:
        stack = path.name.removesuffix(_SUFFIX)
        raise ArtifactError(
            f"{path}: {key}: {str(error).removesuffix('.')}; correct it from Git,"
            f" or delete the entry and run `sluice lock {stack}`.",
        ) from error
