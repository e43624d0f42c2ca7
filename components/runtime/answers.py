"""What a program gets for what it leaves open: the answers of the stack's lock file.

`pulumi up` never looks a version up. The lock names it, the cache in
`.sluice/charts` holds a chart under its digest, and what is missing there is
downloaded and checked against that digest.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from components.lib.artifacts.chart_cache import ChartCache
from components.lib.locks.lock import Lock
from components.lib.locks.lock_entry import LockEntry, Request
from components.lib.locks.locked_chart import ChartRequest
from components.lib.locks.locked_image import ImageRequest, LockedImage
from components.lib.locks.locked_source import FetchedRequest, LockedSource, SourceRequest
from components.lib.registry.mirrors import Mirrors

__all__ = ["LOCKED", "Locked", "LockedArtifacts", "LockedNames", "Unlocked", "lock_file"]

E = TypeVar("E", bound=LockEntry)
CACHE: Final = Path(".sluice/charts")
SOURCES: Final = Path(".sluice/sources")
MACHINE_MIRRORS: Final = Path(".sluice/mirrors.yaml")


class Locked(Protocol):
    """What answers the requests of a stack's program."""

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return the chart's path, relative to the repository's root, and its version."""

    def image(self, request: ImageRequest) -> LockedImage:
        """Return the image that a policy stands for."""

    def source(self, request: SourceRequest) -> LockedSource:
        """Return the revision of a source, or by a `BaseRequest` of a remote base."""

    def files(self, request: FetchedRequest) -> Path | None:
        """Return the folder of a source's files; None where they are not fetched."""

    def refuse_unasked(self) -> None:
        """Raise ArtifactError for an entry that was not asked for, once all is declared."""


def lock_file(root: Path, stack: str) -> Path:
    """Return where a stack's lock file lies."""
    return root / "stacks" / f"{stack}.lock.yaml"


@dataclass(frozen=True)
class LockedNames:
    """What a stack's lock file says; nothing is fetched.

    Each answer raises ArtifactError, naming the command that mends it, where
    the lock has no fitting entry.

    Attributes:
        root: the repository's root.
        stack: the stack's name.

    """

    root: Path
    stack: str
    _asked: list[Request[Any]] = field(default_factory=list, init=False, compare=False, repr=False)

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return where the locked chart would lie, and its version."""
        locked = self._answer(request)
        return f"./{ChartCache(CACHE).path(locked)}", locked.version

    def image(self, request: ImageRequest) -> LockedImage:
        """Return the locked image."""
        return self._answer(request)

    def source(self, request: SourceRequest) -> LockedSource:
        """Return the locked revision."""
        return self._answer(request)

    def files(self, request: FetchedRequest) -> Path | None:
        """Return the folder of the locked files, if they were fetched before."""
        folder = request.folder(self._answer(request), self.root / SOURCES)
        return folder if folder.is_dir() else None

    def refuse_unasked(self) -> None:
        """Raise ArtifactError for an entry that was not asked for."""
        self._lock.refuse_unasked(self._asked, self.stack)

    def _answer(self, request: Request[E]) -> E:
        self._asked.append(request)
        return self._lock.answer(request, self.stack)

    @cached_property
    def _lock(self) -> Lock:
        return Lock.load(lock_file(self.root, self.stack))


@dataclass(frozen=True)
class LockedArtifacts(LockedNames):
    """What a stack's lock file says, its charts fetched into the cache.

    Attributes:
        mirrors: repository URLs to use instead of the named ones.

    """

    mirrors: Mirrors = field(default_factory=Mirrors)

    @classmethod
    def of(cls, root: Path, stack: str, mirrors: Mirrors) -> LockedArtifacts:
        """Take the stack's mirrors and, before them, those that this machine sets."""
        merged = mirrors.merged(Mirrors.load(root / MACHINE_MIRRORS))
        return cls(root=root, stack=stack, mirrors=merged)

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return the locked chart, fetched into the cache if it is not there.

        Raises:
            ArtifactError: where the lock has no fitting entry, or the chart
                cannot be had or is not the one that was locked.

        """
        locked = self._answer(request)
        file = self._cache.fetch(locked, self.mirrors, request.access)
        # Relative, so that the state is the same from every checkout.
        return f"./{file.relative_to(self.root)}", locked.version

    def files(self, request: FetchedRequest) -> Path:
        """Return the folder of the locked files, fetched into the cache if they are not there.

        Raises:
            ArtifactError: where the lock has no fitting entry, or the files
                cannot be had or are not those that were locked.

        """
        return request.fetch(self._answer(request), self.root / SOURCES, self.mirrors)

    @cached_property
    def _cache(self) -> ChartCache:
        return ChartCache(self.root / CACHE)


@dataclass
class Unlocked:
    """Answers every request as if it were locked, and keeps it; nothing is read.

    Attributes:
        requests: what was asked for, in turn.

    """

    requests: list[Request[Any]] = field(default_factory=list)

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return a path, at which there is no chart, and the range that was asked for."""
        self.requests.append(request)
        return f"./{request.chart}.tgz", request.range

    def image(self, request: ImageRequest) -> LockedImage:
        """Return an image by a tag that does not exist."""
        self.requests.append(request)
        return LockedImage(name=request.name, **request.asked(), tag="unlocked")

    def source(self, request: SourceRequest) -> LockedSource:
        """Return a revision that does not exist."""
        self.requests.append(request)
        return LockedSource(name=request.name, **request.asked(), revision=f"sha1:{'0' * 40}")

    def files(self, request: FetchedRequest) -> None:
        """Return None: nothing is locked."""

    def refuse_unasked(self) -> None:
        """Do nothing: there are no entries."""


LOCKED: Final[ContextVar[Locked]] = ContextVar("LOCKED")
