"""Which chart a `HelmRelease` runs: the one that the stack's lock file names.

`pulumi up` never looks a version up. The lock names it, the cache in
`.sluice/charts` holds it under its digest, and what is missing there is
downloaded and checked against that digest.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

from components.artifacts.chart_cache import ChartCache
from components.artifacts.lock import ChartRequest, Lock
from components.artifacts.mirrors import Mirrors

__all__ = ["CHARTS", "Charts", "LockedCharts", "LockedNames", "lock_file"]

CACHE: Final = Path(".sluice/charts")
MACHINE_MIRRORS: Final = Path(".sluice/mirrors.yaml")


class Charts(Protocol):
    """What turns a request for a chart into the chart to install."""

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return the chart's path, relative to the repository's root, and its version."""


def lock_file(root: Path, stack: str) -> Path:
    """Return where a stack's lock file lies."""
    return root / "stacks" / f"{stack}.lock.yaml"


@dataclass(frozen=True)
class LockedCharts:
    """The charts of a stack's lock file.

    Attributes:
        root: the repository's root.
        stack: the stack's name.
        mirrors: repository URLs to use instead of the named ones.

    """

    root: Path
    stack: str
    mirrors: Mirrors

    @classmethod
    def of(cls, root: Path, stack: str, mirrors: Mirrors) -> LockedCharts:
        """Take the stack's mirrors and, before them, those that this machine sets."""
        return cls(root, stack, mirrors.merged(Mirrors.load(root / MACHINE_MIRRORS)))

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return the locked chart, fetched into the cache if it is not there.

        Raises:
            ArtifactError: where the lock has no fitting entry, or the chart
                cannot be had or is not the one that was locked.

        """
        locked = self._lock.chart(request, self.stack)
        file = self._cache.fetch(locked, self.mirrors)
        # Relative, so that the state is the same from every checkout.
        return f"./{file.relative_to(self.root)}", locked.version

    @cached_property
    def _lock(self) -> Lock:
        return Lock.load(lock_file(self.root, self.stack))

    @cached_property
    def _cache(self) -> ChartCache:
        return ChartCache(self.root / CACHE)


@dataclass(frozen=True)
class LockedNames:
    """What the charts of a stack's lock file are called; none is fetched.

    Attributes:
        root: the repository's root.
        stack: the stack's name.

    """

    root: Path
    stack: str

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        """Return where the locked chart would lie, and its version.

        Raises:
            ArtifactError: where the lock has no fitting entry.

        """
        locked = Lock.load(lock_file(self.root, self.stack)).chart(request, self.stack)
        return f"./{ChartCache(CACHE).path(locked)}", locked.version


CHARTS: Final[ContextVar[Charts]] = ContextVar("CHARTS")
