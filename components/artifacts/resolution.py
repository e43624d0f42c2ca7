"""The next lock: what is missing resolved, what is named upgraded, the rest kept.

Pure but for the `ChartSource` that it is given; `sluice lock` does the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from components.artifacts import missing
from components.artifacts.lock import ChartRequest, Lock, LockedChart
from components.artifacts.semver import newest
from components.errors import DeclarationError

if TYPE_CHECKING:
    from datetime import date

    from components.artifacts.chart_source import ChartSource

__all__ = ["Change", "changes", "resolve"]


@dataclass(frozen=True)
class Change:
    """A row of what a new lock changes; `old` is None for a new entry, `new` for a dropped one."""

    name: str
    old: str | None
    new: str | None
    why: str


def resolve(
    requests: Iterable[ChartRequest],
    current: Lock,
    source: ChartSource,
    today: date,
    upgrade: Collection[str] = (),
) -> Lock:
    """Return the lock that answers every request, and nothing else.

    An entry that still fits is kept without a look-up; one that is missing,
    or for another source, chart or range, gets the newest version allowed.
    So does each name in `upgrade`; to upgrade all, name all. An entry that
    comes out the same keeps its day and reason.

    Raises DeclarationError for an unknown name in `upgrade` or a release that
    is named twice, ArtifactError for what no source can provide.
    """
    wanted = _by_name(requests)
    unknown = sorted(set(upgrade) - wanted.keys())
    if unknown:
        raise DeclarationError(
            f"No chart is requested by {unknown[0]!r}; name one of {', '.join(sorted(wanted))}.",
        )
    return Lock(
        {
            name: _next(request, current.charts.get(name), source, today, upgrade)
            for name, request in sorted(wanted.items())
        }
    )


def changes(old: Lock, new: Lock) -> list[Change]:
    """Return what differs between two locks, sorted by name."""
    names = sorted(old.charts.keys() | new.charts.keys())
    pairs = [(name, old.charts.get(name), new.charts.get(name)) for name in names]
    return [_change(name, before, after) for name, before, after in pairs if before != after]


def _by_name(requests: Iterable[ChartRequest]) -> dict[str, ChartRequest]:
    wanted: dict[str, ChartRequest] = {}
    for request in requests:
        if wanted.setdefault(request.name, request) != request:
            raise DeclarationError(f"Two releases are named {request.name!r}; rename one.")
    return wanted


def _next(
    request: ChartRequest,
    current: LockedChart | None,
    source: ChartSource,
    today: date,
    upgrade: Collection[str],
) -> LockedChart:
    if current and request.name not in upgrade and not current.mismatch(request):
        return _reranged(request, current, today)
    version = _pick(request, source)
    digest = source.digest(request.source, request.chart, version)
    reason = _reason(request, current, version, digest)
    if current and not reason:
        return current
    return LockedChart(
        request.name,
        request.source,
        request.chart,
        request.range,
        version,
        digest,
        today,
        reason,
    )


def _reranged(request: ChartRequest, current: LockedChart, today: date) -> LockedChart:
    """Note a new range that the locked version satisfies as well."""
    if current.range == request.range:
        return current
    reason = _reason(request, current, current.version, current.digest)
    return replace(current, range=request.range, updated=today, reason=reason)


def _pick(request: ChartRequest, source: ChartSource) -> str:
    """Return the newest version in the range; one written exactly so goes first, as in Helm."""
    versions = source.versions(request.source, request.chart)
    if request.range in versions:
        return request.range
    version = newest(request.range, versions)
    if version is None:
        raise missing.version_error(request.source, request.chart, request.range, versions)
    return version


def _reason(request: ChartRequest, current: LockedChart | None, version: str, digest: str) -> str:
    """Return why the entry changes, empty where it does not."""
    if current is None:
        return "first locked"
    for key in ("source", "chart", "range"):
        before, after = getattr(current, key), getattr(request, key)
        if before != after:
            return f"{key} {before} -> {after}: {_step(current.version, version)}"
    if current.version != version:
        return f"{request.range}: {current.version} -> {version}"
    if current.digest != digest:
        return f"{version} was published anew"
    return ""


def _step(before: str, after: str) -> str:
    return f"{before} -> {after}" if before != after else f"still {after}"


def _change(name: str, before: LockedChart | None, after: LockedChart | None) -> Change:
    if after is None:
        return Change(name, before.version if before else None, None, "no longer requested")
    return Change(name, before.version if before else None, after.version, after.reason)
