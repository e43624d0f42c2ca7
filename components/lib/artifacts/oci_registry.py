"""Charts in an OCI registry: a repository each, a tag a version.

Answers to Flux's `OCIRepository` and its `HelmRepository` of type `oci`, and to
Helm's `helm pull oci://`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.errors import ArtifactError
from components.lib.artifacts import missing
from components.lib.files.digest import digest_of
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.registry_client import NOT_FOUND, RegistryClient
from components.lib.registry.transport import AS_IT_IS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.lib.registry.mirrors import Address
    from components.lib.registry.signed_artifact import SignedArtifact
    from components.lib.registry.transport import Transport

__all__ = ["CHART_LAYERS", "OCIRegistry"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CHART_LAYERS = (
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",  # what Helm wrote before 3.7, and still reads
)


class OCIRegistry:
    """Charts below `oci://host/path`, read by an access, or with Docker's own credentials.

    Plain HTTP is spoken to loopback hosts only, as Docker and Helm do. Every
    method raises ArtifactError naming registry, chart and version:
    unreachable, access denied, no such chart or version, not a chart.
    """

    def __init__(self, address: Address, transport: Transport, access: Access = ANYBODY) -> None:
        self._address = address
        self._client = RegistryClient(address, transport, access=access)

    def versions(self, chart: str) -> list[str]:
        """Return every tag of a chart, in the registry's order, with Helm's `_` back as `+`."""
        tags = self._client.tags(self._client.name(chart))
        if tags is None:
            raise missing.chart_error(self._address, chart)
        return [tag.replace("_", "+") for tag in tags]

    def digest(self, chart: str, version: str) -> str:
        """Return `sha256:…` of the archive, by which the registry serves it; fetches nothing."""
        return self._manifest(chart, version)[1]

    def artifact(self, chart: str, version: str, digest: str) -> SignedArtifact:
        """Return what is signed of an archive: the manifest that has it by its digest."""
        manifest, layer = self._manifest(chart, version)
        if layer != digest:
            raise ArtifactError(
                f"{chart} {version} in the registry {self._address} changed while it was read;"
                " run it again.",
            )
        return self._client.artifact(self._client.name(chart), digest_of(manifest))

    def download(self, chart: str, version: str) -> bytes:
        """Return the archive (`.tgz`), not yet verified."""
        _, layer = self._manifest(chart, version)
        response = self._client.get(self._client.name(chart), f"blobs/{layer}", AS_IT_IS)
        if response.status_code == NOT_FOUND:
            raise ArtifactError(
                f"The registry {self._address} has lost the archive of {chart} {version};"
                " choose another version.",
            )
        return response.content

    def _manifest(self, chart: str, version: str) -> tuple[bytes, str]:
        """Return a chart's manifest and the digest of its archive."""
        path = f"manifests/{version.replace('+', '_')}"
        response = self._client.get(self._client.name(chart), path, {"Accept": MANIFEST})
        if response.status_code == NOT_FOUND:
            raise missing.version_error(self._address, chart, version, self.versions(chart))
        for layer in self._client.json(response).get("layers") or []:
            if isinstance(layer, dict) and layer.get("mediaType") in CHART_LAYERS:
                return response.content, self._digest(layer)
        raise ArtifactError(
            f"{chart} {version} in the registry {self._address} is not a Helm chart: no layer has"
            f" the media type {CHART_LAYERS[0]}; correct the chart's name.",
        )

    def _digest(self, layer: Mapping[str, Any]) -> str:
        digest = str(layer.get("digest"))
        if not digest.startswith("sha256:"):
            raise ArtifactError(
                f"The registry {self._address} holds a chart by {digest.partition(':')[0]!r};"
                " push it by sha256, which is what a lock holds.",
            )
        return digest
