"""The lock's `charts`: for each HelmRelease, one version of its chart by digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from components.errors import DeclarationError
from components.lib.files.digest import check_digest
from components.lib.locks.lock_entry import LockEntry, Request
from components.lib.policies.range import Range
from components.lib.policies.versions import parse as parse_version
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import repository_url

__all__ = ["ChartRequest", "LockedChart"]

_CHART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, kw_only=True)
class LockedChart(LockEntry):
    """The one chart that a HelmRelease runs.

    Attributes:
        source, chart, range: the request that it answers.
        version: the version as the repository writes it.
        digest: `sha256:` and 64 hex digits of the `.tgz`.

    """

    ASKED: ClassVar = ("source", "chart", "range")

    source: str
    chart: str
    range: str
    version: str
    digest: str

    def __post_init__(self) -> None:
        request = ChartRequest(
            name=self.name, source=self.source, chart=self.chart, range=self.range
        )
        object.__setattr__(self, "source", request.source)
        if parse_version(self.version) is None:
            raise DeclarationError(f"version: {self.version!r} is not a version")
        check_digest(self.digest)

    @property
    def shown(self) -> str:
        """The version."""
        return self.version


@dataclass(frozen=True, kw_only=True)
class ChartRequest(Request[LockedChart]):
    """The chart that a HelmRelease asks for.

    Attributes:
        source: the repository's or registry folder's URL.
        chart: the chart's name there.
        range: an exact version or a range, as `semver.Range` reads it.
        access: who we are to the source.

    Raises DeclarationError for an invalid URL, chart name or range.

    """

    SECTION: ClassVar = "charts"
    NOUN: ClassVar = "chart"

    source: str
    chart: str
    range: str
    access: Access = field(default=ANYBODY, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", repository_url(self.source))
        Range.parse(self.range)
        if not _CHART.fullmatch(self.chart):
            raise DeclarationError(f"{self.chart!r} is not a chart's name; write one like 'redis'.")

    def asked(self) -> Mapping[str, Any]:
        """Return source, chart and range."""
        return {"source": self.source, "chart": self.chart, "range": self.range}

    def objection(self, entry: LockedChart) -> str:
        """Return that the locked version is neither the asked one nor in the range."""
        if entry.version == self.range or Range.parse(self.range).allows(entry.version):
            return ""
        return f"its version {entry.version} is not in the range {self.range!r}"
