"""The lock's `sources` and `bases`: the revision of each Git or OCI source and remote base.

A revision is written as Flux writes it (`main@sha1:…`, `6.5.1@sha256:…`, or
`sha1:…` alone where a commit was asked for).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from components.errors import DeclarationError
from components.lib.locks.lock_entry import LockEntry, Request
from components.lib.policies.range import Range
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import Mirrors, printable

if TYPE_CHECKING:
    from components.lib.registry.signed_artifact import SignedArtifact

__all__ = ["BaseRequest", "FetchedRequest", "LockedSource", "SourceRequest"]

_REVISION = re.compile(r"(?:(?P<name>[^@\s]+)@)?(?P<digest>sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64})")
_SHORT = 12
_REF = re.compile(r"(?P<kind>branch|tag|name|semver|commit|digest) (?P<value>\S.*)")


@dataclass(frozen=True, kw_only=True)
class LockedSource(LockEntry):
    """The one revision of a source, or of a remote base, that a stack runs.

    Attributes:
        url: the source's URL as it is declared.
        ref: what of it was asked for, as `SourceRequest` has it.
        revision: what that was: `<branch, tag or name>@<digest>` or a digest alone.

    """

    ASKED: ClassVar = ("url", "ref")

    url: str
    ref: str
    revision: str

    def __post_init__(self) -> None:
        SourceRequest(name=self.name, url=self.url, ref=self.ref)
        if not _REVISION.fullmatch(self.revision):
            raise DeclarationError(
                f"revision: {self.revision!r} is no revision such as main@sha1: and 40 hex digits"
            )

    @property
    def shown(self) -> str:
        """The revision, its digest shortened: `main@sha1:5f2d8a1b90ce`."""
        found, at, digest = self.revision.rpartition("@")
        algorithm, colon, digits = digest.partition(":")
        return f"{found}{at}{algorithm}{colon}{digits[:_SHORT]}"

    @property
    def digest(self) -> str:
        """The revision's digest: `sha1:…` of a commit, `sha256:…` of an OCI manifest."""
        return self.revision.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True)
class SourceRequest(Request[LockedSource]):
    """The revision that a GitRepository or an OCIRepository asks for.

    Attributes:
        url: the source's URL; no password in it.
        ref: `branch main`, `tag v1.2.3`, `name refs/heads/main`, `semver 6.x`,
            `commit <hex digits>` or `digest sha256:…`: Flux's `ref`, one of its keys.

    Raises DeclarationError for a URL with a password and for what is no such ref.

    """

    SECTION: ClassVar = "sources"
    NOUN: ClassVar = "source"

    url: str
    ref: str

    def __post_init__(self) -> None:
        if printable(self.url) != self.url.partition("?")[0]:
            raise DeclarationError(f"{printable(self.url)!r} has a user or password in it.")
        kind, value = self._ref
        if kind == "semver":
            Range.parse(value)

    def asked(self) -> Mapping[str, Any]:
        """Return URL and ref."""
        return {"url": self.url, "ref": self.ref}

    def objection(self, entry: LockedSource) -> str:
        """Return that the locked revision is not of the branch, tag, range or commit."""
        kind, value = self._ref
        found, _, digest = entry.revision.rpartition("@")
        if kind == "semver":
            fits = Range.parse(value).allows(found)
        elif kind == "commit":
            fits = digest.partition(":")[2] == value
        else:
            fits = value == (digest if kind == "digest" else found)
        return "" if fits else f"its revision {entry.revision} is not of {self.ref!r}"

    @property
    def _ref(self) -> tuple[str, str]:
        match = _REF.fullmatch(self.ref)
        if match is None:
            raise DeclarationError(f"{self.ref!r} is not a ref; write one such as 'branch main'.")
        return match["kind"], match["value"]


@dataclass(frozen=True, kw_only=True)
class FetchedRequest(SourceRequest):
    """A source that is asked for its revision and for its files.

    Attributes:
        access: who we are to its server.

    """

    access: Access = field(default=ANYBODY, compare=False)

    def look_up(self, mirrors: Mirrors, before: LockedSource | None = None) -> LockedSource:
        """Return the newest revision that the ref allows, as the server has it now.

        A signature that is asked for is verified, unless it was for what is locked
        `before`. Raises ArtifactError where the server cannot be read or has no such
        ref, and where it is not verified.
        """
        kind, value = self._ref
        found = LockedSource(
            name=self.name,
            **self.asked(),
            revision=self._revision(kind, value, mirrors),
            verified=self.verified,
        )
        self.check_signature(found, before, lambda: self._artifact(found, mirrors))
        return found

    @abstractmethod
    def _revision(self, kind: str, value: str, mirrors: Mirrors) -> str:
        """Return the revision that a kind of ref is now."""

    def _artifact(self, found: LockedSource, mirrors: Mirrors) -> SignedArtifact:
        """Return what is signed of a revision; raises DeclarationError where that cannot be."""
        del mirrors
        raise DeclarationError(f"{self.name}: {found.shown} is in no registry, and not verified")

    @abstractmethod
    def folder(self, locked: LockedSource, cache: Path) -> Path:
        """Return where a revision's files lie, or will."""

    @abstractmethod
    def fetch(self, locked: LockedSource, cache: Path, mirrors: Mirrors) -> Path:
        """Return a revision's files, fetched if they are not there; raises ArtifactError."""


@dataclass(frozen=True, kw_only=True)
class BaseRequest(SourceRequest):
    """The revision of a remote base in a kustomization; its name is what stands there.

    >>> BaseRequest(
    ...     name="https://gitea.local/team/base//web?ref=v1.0.0",
    ...     url="https://gitea.local/team/base",
    ...     ref="tag v1.0.0",
    ... ).SECTION
    'bases'
    """

    SECTION: ClassVar = "bases"
    NOUN: ClassVar = "base"
