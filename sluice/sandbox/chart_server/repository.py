"""Lay the published charts out as files, for a server that only reads files.

<repository>/index.yaml, <chart>-<version>.tgz      a classic Helm repository
v2/<repository>/<chart>/tags/list                   the same by the OCI
v2/<repository>/<chart>/manifests/<tag or digest>   distribution protocol
v2/<repository>/<chart>/blobs/<digest>
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from components.lib.files.atomic_file import write_if_changed
from sluice.sandbox.chart_server.catalog import CATALOG, CHARTS, UPSTREAM, PublishedChart
from sluice.sandbox.chart_server.package import package, stamp

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["archives", "mirrors", "publish"]

CREATED = "2024-01-01T00:00:00Z"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
CONTENT_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(frozen=True)
class Release:
    """One version of a chart: what its Chart.yaml says, and its archive."""

    metadata: dict[str, Any]
    archive: bytes

    @property
    def version(self) -> str:
        """The chart's version."""
        return str(self.metadata["version"])

    @property
    def filename(self) -> str:
        """The archive's name in a classic repository."""
        return f"{self.metadata['name']}-{self.version}.tgz"


def publish(folder: Path) -> None:
    """Write every repository of the catalog below `folder`."""
    indexes: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for chart in CATALOG:
        releases = _releases(chart)
        for release in releases:
            write_if_changed(folder / chart.repository / release.filename, release.archive)
        _publish_oci(folder / "v2" / chart.repository / chart.name, releases)
        entries = indexes.setdefault(chart.repository, {})
        entries[chart.name] = [_index_entry(release) for release in releases]
    for repository, entries in indexes.items():
        index = {"apiVersion": "v1", "entries": entries, "generated": CREATED}
        write_if_changed(folder / repository / "index.yaml", yaml.safe_dump(index))


def archives() -> Iterator[tuple[str, bytes]]:
    """Yield each chart of the catalog: its file's name, and the archive that Helm installs."""
    for chart in CATALOG:
        yield from ((release.filename, release.archive) for release in _releases(chart))


def mirrors(address: str) -> dict[str, str]:
    """The URL that answers for each upstream one, with the server at `address` (host:port)."""
    return {
        upstream: f"{'oci' if upstream.startswith('oci:') else 'http'}://{address}/{repository}"
        for upstream, repository in UPSTREAM.items()
    }


def _releases(chart: PublishedChart) -> list[Release]:
    source = CHARTS / chart.name
    text = (source / "Chart.yaml").read_text()
    newest_first = reversed(list(chart.versions.items()))
    return [
        Release(
            yaml.safe_load(stamp(text, version, app_version)),
            package(source, version, app_version),
        )
        for version, app_version in newest_first
    ]


def _index_entry(release: Release) -> dict[str, Any]:
    return {
        **release.metadata,
        "created": CREATED,
        "digest": hashlib.sha256(release.archive).hexdigest(),
        "urls": [release.filename],
    }


def _publish_oci(folder: Path, releases: list[Release]) -> None:
    for release in releases:
        config = json.dumps(release.metadata, sort_keys=True).encode()
        manifest = json.dumps(_manifest(config, release), sort_keys=True).encode()
        for blob in (config, release.archive):
            write_if_changed(folder / "blobs" / _digest(blob), blob)
        for reference in (release.version, _digest(manifest)):
            write_if_changed(folder / "manifests" / reference, manifest)
    name = f"{folder.parent.name}/{folder.name}"
    tags = sorted(release.version for release in releases)
    write_if_changed(folder / "tags" / "list", json.dumps({"name": name, "tags": tags}))


def _manifest(config: bytes, release: Release) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config),
        "layers": [_descriptor(CONTENT_TYPE, release.archive)],
        "annotations": {
            "org.opencontainers.image.created": CREATED,
            "org.opencontainers.image.title": str(release.metadata["name"]),
            "org.opencontainers.image.version": release.version,
        },
    }


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
