"""Where charts come from: a repository or a registry, by the URL's scheme, through mirrors."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from components.errors import ArtifactError
from components.lib.artifacts import missing
from components.lib.artifacts.chart_repository import ChartRepository
from components.lib.artifacts.oci_registry import OCIRegistry
from components.lib.locks.locked_chart import ChartRequest, LockedChart
from components.lib.policies.range import newest
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import Mirrors
from components.lib.registry.transport import Transport

if TYPE_CHECKING:
    from components.lib.registry.signed_artifact import SignedArtifact

__all__ = ["RemoteCharts"]


class RemoteCharts:
    """The charts of all repositories and registries; each is opened once and kept.

    `https://` and `http://` are classic repositories, `oci://` a registry's
    folder; a mirror may turn the one into the other, and is shown no password that
    is meant for what it stands for. Each method raises ArtifactError for what is
    not there.
    """

    def __init__(self, mirrors: Mirrors | None = None, transport: Transport | None = None) -> None:
        """Take mirrors; nothing is asked yet."""
        self._mirrors = mirrors or Mirrors()
        self._transport = transport or Transport()
        self._opened: dict[tuple[str, Access], ChartRepository | OCIRegistry] = {}
        self._opening = Lock()

    def newest(self, request: ChartRequest, before: LockedChart | None) -> LockedChart:
        """Return the newest chart in the range; one written exactly so goes first, as in Helm."""
        source, chart, access = request.source, request.chart, request.access
        with self._opening:  # an index is read once
            versions = self.versions(source, chart, access)
        exact = request.range in versions
        version = request.range if exact else newest(request.range, versions)
        if version is None:
            raise missing.version_error(source, chart, request.range, versions)
        digest = self.digest(source, chart, version, access)
        found = LockedChart(
            name=request.name,
            **request.asked(),
            version=version,
            digest=digest,
            verified=request.verified,
        )
        request.check_signature(found, before, lambda: self._artifact(request, version, digest))
        return found

    def versions(self, source: str, chart: str, access: Access = ANYBODY) -> list[str]:
        """Return every version of a chart, in the source's order."""
        return self._at(source, access).versions(chart)

    def digest(self, source: str, chart: str, version: str, access: Access = ANYBODY) -> str:
        """Return `sha256:…` of a chart's archive."""
        return self._at(source, access).digest(chart, version)

    def download(self, source: str, chart: str, version: str, access: Access = ANYBODY) -> bytes:
        """Return a chart's archive, not yet verified."""
        return self._at(source, access).download(chart, version)

    def _artifact(self, request: ChartRequest, version: str, digest: str) -> SignedArtifact:
        registry = self._at(request.source, request.access)
        if isinstance(registry, ChartRepository):
            raise ArtifactError(
                f"{request.chart} {version} is to be verified, and its mirror is no OCI registry;"
                " signatures lie in registries alone, so mirror it in one.",
            )
        return registry.artifact(request.chart, version, digest)

    def _at(self, source: str, access: Access) -> ChartRepository | OCIRegistry:
        if (source, access) not in self._opened:
            self._opened[source, access] = self._open(source, access)
        return self._opened[source, access]

    def _open(self, source: str, access: Access) -> ChartRepository | OCIRegistry:
        address = self._mirrors.address(source)
        access = access.at(address)
        if address.actual.startswith("oci://"):
            return OCIRegistry(address, self._transport, access)
        return ChartRepository(address, self._mirrors, self._transport, access)
