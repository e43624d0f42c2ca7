"""A classic Helm repository: an `index.yaml` and archives beside it or elsewhere.

Answers to Flux's `HelmRepository` of the default type, and to Helm's own
description of a chart repository.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import yaml

from components.errors import ArtifactError
from components.lib.artifacts import missing
from components.lib.artifacts.oci_registry import OCIRegistry
from components.lib.files.digest import digest_of
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import printable
from components.lib.registry.transport import AS_IT_IS, TransportError, basic

if TYPE_CHECKING:
    from requests import Response

    from components.lib.registry.mirrors import Address, Mirrors
    from components.lib.registry.transport import Transport

__all__ = ["ChartRepository"]

# A public index reaches 20 MB, and libyaml reads it ten times as fast. Scalars
# stay text: an unquoted 1.10 is a version, not a number.
_Loader: Any = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
_OK = 200
_DENIED = (401, 403)


@dataclass(frozen=True)
class _Entry:
    """One version of a chart in the index."""

    version: str
    urls: tuple[str, ...]
    digest: str

    @classmethod
    def parse(cls, entry: Any) -> _Entry | None:
        """Return the entry's record, or None for one that Helm leaves out too."""
        if not isinstance(entry, Mapping) or not entry.get("version"):
            return None
        urls = entry.get("urls")
        digest = str(entry.get("digest") or "").removeprefix("sha256:").lower()
        return cls(
            str(entry["version"]),
            tuple(str(url) for url in urls) if isinstance(urls, list) else (),
            f"sha256:{digest}" if digest else "",
        )


class ChartRepository:
    """Charts behind `<address>/index.yaml`, which is read once.

    The password goes to the address's own host only, wherever the index leads.

    Every method raises ArtifactError naming repository, chart and version:
    unreachable, no index, no such chart or version, an archive that is gone.
    """

    def __init__(
        self,
        address: Address,
        mirrors: Mirrors,
        transport: Transport,
        access: Access = ANYBODY,
    ) -> None:
        self._address = address
        self._mirrors = mirrors
        self._transport = transport
        self._access = access

    def versions(self, chart: str) -> list[str]:
        """Return every version of a chart, in the index's order."""
        return [entry.version for entry in self._entries(chart)]

    def digest(self, chart: str, version: str) -> str:
        """Return `sha256:…` of the archive, which must fit what the index says, if it does."""
        content = self.download(chart, version)
        digest = digest_of(content)
        said = self._entry(chart, version).digest
        if said not in ("", digest):
            raise ArtifactError(
                f"The chart {chart} {version} of the repository {self._address} is {digest}, but"
                f" its index says {said}; ask its publisher, or choose another version.",
            )
        return digest

    def download(self, chart: str, version: str) -> bytes:
        """Return the archive (`.tgz`), not yet verified."""
        entry = self._entry(chart, version)
        if not entry.urls:
            raise ArtifactError(
                f"The repository {self._address} names no URL for the chart {chart} {version};"
                " choose another version.",
            )
        if entry.urls[0].startswith("oci://"):
            return self._from_registry(entry.urls[0], version)
        return self._get(self._archive_url(entry.urls[0]), AS_IT_IS)

    def _archive_url(self, url: str) -> str:
        """Resolve against the index; where that leads upstream, take the mirror."""
        try:
            return self._mirrors.rewrite(urljoin(f"{self._address.actual}/", url))
        except ValueError as error:
            raise self._unreadable(url, str(error)) from error

    def _from_registry(self, url: str, version: str) -> bytes:
        """Follow `oci://host/folder/chart:tag`, where Bitnami's index leads since 2024."""
        folder, _, reference = url.rpartition("/")
        chart, _, tag = reference.partition(":")
        registry = OCIRegistry(self._mirrors.address(folder), self._transport)
        return registry.download(chart, tag or version)

    def _entry(self, chart: str, version: str) -> _Entry:
        for entry in self._entries(chart):
            if entry.version == version:
                return entry
        raise missing.version_error(self._address, chart, version, self.versions(chart))

    def _entries(self, chart: str) -> list[_Entry]:
        listed = self._index.get(chart)
        if not isinstance(listed, list):
            raise missing.chart_error(self._address, chart, list(self._index))
        return [entry for entry in map(_Entry.parse, listed) if entry]

    @cached_property
    def _index(self) -> Mapping[str, Any]:
        index = self._parse(self._get(f"{self._address.actual}/index.yaml", {}))
        if not isinstance(index, Mapping) or not isinstance(index.get("entries") or {}, Mapping):
            raise self._no_index("it has no entries")
        return index.get("entries") or {}

    def _parse(self, content: bytes) -> Any:
        try:
            if content.lstrip().startswith(b"{"):
                return json.loads(content)  # Helm reads JSON too, and large indexes use it
            return yaml.load(content, _Loader)  # noqa: S506 - a BaseLoader makes text only
        except (yaml.YAMLError, ValueError) as error:
            raise self._no_index(" ".join(str(error).split())) from error

    def _no_index(self, reason: str) -> ArtifactError:
        return ArtifactError(
            f"The index.yaml of the repository {self._address} is not a chart index: {reason};"
            " correct the URL.",
        )

    def _get(self, url: str, headers: Mapping[str, str]) -> bytes:
        try:
            response = self._send(url, headers)
        except TransportError as error:
            raise self._unreadable(url, str(error)) from error
        if response.status_code in _DENIED:
            raise ArtifactError(
                f"The repository {self._address} denies access to {printable(url)}"
                f" (HTTP {response.status_code}); give it username= and secret=, or correct them.",
            )
        if response.status_code != _OK:
            raise self._unreadable(url, f"HTTP {response.status_code}")
        return response.content

    def _send(self, url: str, headers: Mapping[str, str]) -> Response:
        here, there = urlsplit(self._address.actual), urlsplit(url)
        is_here = (here.scheme, here.netloc) == (there.scheme, there.netloc)
        access = self._access if is_here else ANYBODY
        auth = basic(access.username, access.password) if access.password else None
        return self._transport.send("GET", url, headers, auth, verify=access.ca_file or True)

    def _unreadable(self, url: str, reason: str) -> ArtifactError:
        return ArtifactError(
            f"The repository {self._address} cannot be read: {reason} from {printable(url)};"
            " check the URL, the network and the mirrors.",
        )
