"""A stack's lock file: what was resolved outside Git for `stacks/<stack>.py`.

Written by `sluice lock`, reviewed and committed like code, read by `pulumi up`.
Flux has no counterpart: it resolves ranges in the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from components.artifacts import atomic_file, strict_yaml
from components.artifacts.mirrors import repository_url
from components.artifacts.semver import Range
from components.artifacts.versions import parse as parse_version
from components.errors import ArtifactError, DeclarationError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ChartRequest", "Lock", "LockedChart"]

_HEADER = "# Written by `sluice lock`; reviewed and committed like code.\n"
_SUFFIX = ".lock.yaml"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class ChartRequest:
    """The chart that a HelmRelease asks for.

    Attributes:
        name: the HelmRelease's name, which is the lock entry's.
        source: the repository's or registry folder's URL.
        chart: the chart's name there.
        range: an exact version or a range, as `semver.Range` reads it.

    Raises DeclarationError for an invalid URL, chart name or range.

    """

    name: str
    source: str
    chart: str
    range: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", repository_url(self.source))
        Range.parse(self.range)
        if not _CHART.fullmatch(self.chart):
            raise DeclarationError(f"{self.chart!r} is not a chart's name; write one like 'redis'.")


@dataclass(frozen=True)
class LockedChart:
    """The one chart that a HelmRelease runs until the lock changes.

    Attributes:
        name, source, chart, range: the request that it answers.
        version: the version as the repository writes it.
        digest: `sha256:` and 64 hex digits of the `.tgz`.
        updated: the day on which the entry last changed.
        reason: why it did, in a line.

    """

    name: str
    source: str
    chart: str
    range: str
    version: str
    digest: str
    updated: date
    reason: str

    @classmethod
    def parse(cls, name: str, entry: Any) -> LockedChart:
        """Read an entry of the file; raises DeclarationError naming the key that is wrong."""
        texts = _texts(entry, [f.name for f in fields(cls) if f.name != "name"])
        _check_artifact(texts["version"], texts["digest"])
        updated = _day(texts.pop("updated"))
        request = ChartRequest(name, texts["source"], texts["chart"], texts["range"])
        return cls(name, **texts | {"source": request.source}, updated=updated)

    def mismatch(self, request: ChartRequest) -> str:
        """Return why this entry does not answer a request, empty where it does."""
        for key in ("source", "chart"):
            locked, asked = getattr(self, key), getattr(request, key)
            if locked != asked:
                return f"its {key} is {locked}, not {asked}"
        if self.version != request.range and not Range.parse(request.range).allows(self.version):
            return f"its version {self.version} is not in the range {request.range!r}"
        return ""


@dataclass(frozen=True)
class Lock:
    """A stack's locked charts by HelmRelease name. Empty by default."""

    charts: Mapping[str, LockedChart] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Lock:
        """Read a lock file; a missing one is an empty lock.

        Raises ArtifactError naming file, entry and what to do where anything
        in it is unknown, missing or of the wrong form.
        """
        content = strict_yaml.load_mapping(path)
        unknown = sorted(content.keys() - {"charts"})
        if unknown:
            raise ArtifactError(f"{path}: unknown section {unknown[0]!r}; remove it.")
        charts = content.get("charts") or {}
        if not isinstance(charts, dict):
            raise ArtifactError(f"{path}: charts holds no entries by name; correct it.")
        return cls({name: _chart(path, name, entry) for name, entry in charts.items()})

    def dump(self) -> str:
        """Return the file's text: sorted by name, one key a line, the same for the same lock."""
        charts = {name: _entry(self.charts[name]) for name in sorted(self.charts)}
        return _HEADER + yaml.dump(
            {"charts": charts}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
        )

    def save(self, path: Path) -> None:
        """Write the file in one step; raises ArtifactError where that fails."""
        atomic_file.write(path, self.dump().encode())

    def chart(self, request: ChartRequest, stack: str) -> LockedChart:
        """Return the entry that answers a request.

        Raises ArtifactError, which ends with the command that mends it, where
        there is none, or it is for another source, chart or range.
        """
        locked = self.charts.get(request.name)
        if locked is None:
            raise ArtifactError(
                f"The chart of {request.name!r} is not locked; run `sluice lock {stack}`.",
            )
        reason = locked.mismatch(request)
        if reason:
            raise ArtifactError(
                f"The lock entry of {request.name!r} is outdated: {reason};"
                f" run `sluice lock {stack}`.",
            )
        return locked


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


def _entry(chart: LockedChart) -> dict[str, Any]:
    entry = asdict(chart)
    del entry["name"]
    return entry | {"reason": _Quoted(chart.reason)}


def _chart(path: Path, name: str, entry: Any) -> LockedChart:
    try:
        return LockedChart.parse(name, entry)
    except DeclarationError as error:
        stack = path.name.removesuffix(_SUFFIX)
        raise ArtifactError(
            f"{path}: charts.{name}: {str(error).removesuffix('.')}; correct it from Git,"
            f" or delete the entry and run `sluice lock {stack}`.",
        ) from error


def _texts(entry: Any, keys: list[str]) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise DeclarationError("it holds no keys and values")
    for key in [*keys, *entry]:
        if key not in keys:
            raise DeclarationError(f"the key {key!r} is unknown")
        if key not in entry:
            raise DeclarationError(f"the key {key!r} is missing")
        if not isinstance(entry[key], str) or not entry[key]:
            raise DeclarationError(f"{key} is not a text")
    return dict(entry)


def _check_artifact(version: str, digest: str) -> None:
    if parse_version(version) is None:
        raise DeclarationError(f"version: {version!r} is not a version")
    if not _DIGEST.fullmatch(digest):
        raise DeclarationError(f"digest: {digest!r} is not sha256: and 64 hex digits")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DeclarationError(f"updated: {text!r} is not a day such as 2026-01-31") from None
