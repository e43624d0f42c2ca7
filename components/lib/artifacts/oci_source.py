"""OCI artifacts as sources: the manifest that a ref is now, and the files of its archive.

What `flux push artifact` writes: a manifest of one layer, a gzipped tar archive.
Answers to Flux's `OCIRepository`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from components.errors import ArtifactError
from components.lib.files import atomic_file
from components.lib.files.digest import digest_of
from components.lib.locks.locked_source import FetchedRequest, LockedSource
from components.lib.policies.range import newest

if TYPE_CHECKING:
    from pathlib import Path

    from components.lib.registry.mirrors import Address, Mirrors
    from components.lib.registry.registry_client import RegistryClient
    from components.lib.registry.signed_artifact import SignedArtifact

__all__ = ["OCIRequest"]

_MANIFESTS: Final = {
    "Accept": "application/vnd.oci.image.manifest.v1+json,"
    "application/vnd.docker.distribution.manifest.v2+json"
}
_NOT_FOUND: Final = 404


@dataclass(frozen=True, kw_only=True)
class OCIRequest(FetchedRequest):
    """An OCI artifact and who we are to its registry; see `SourceRequest`."""

    def folder(self, locked: LockedSource, cache: Path) -> Path:
        """Return where a revision's files lie, or will."""
        return cache / f"oci-{locked.digest.removeprefix('sha256:')}"

    def fetch(self, locked: LockedSource, cache: Path, mirrors: Mirrors) -> Path:
        """Return the folder of a locked revision's files, fetched if it is not there.

        A folder of the cache that was changed is put back first. Raises
        ArtifactError where the registry cannot be read, or has lost or changed it.
        """
        folder = self.folder(locked, cache)

        def download() -> bytes:
            content = self._manifest(self._client(mirrors), locked.digest, mirrors)
            if digest_of(content) != locked.digest:
                raise self._unfit(locked, f"its manifest is {digest_of(content)}", mirrors)
            return content

        manifest = _kept(folder.with_suffix(".json"), locked.digest, download)
        layer = self._layer(manifest, locked, mirrors)
        archive = _kept(
            folder.with_suffix(".tgz"), layer, lambda: self._blob(layer, locked, mirrors)
        )
        self._unpack(archive, folder, locked, mirrors)
        return folder

    def _revision(self, kind: str, value: str, mirrors: Mirrors) -> str:
        client = self._client(mirrors)
        if kind == "semver":
            value = newest(value, client.tags(client.name()) or []) or ""
            if not value:
                raise self._missing(mirrors)
        digest = digest_of(self._manifest(client, value, mirrors))
        return digest if kind == "digest" else f"{value}@{digest}"

    def _artifact(self, found: LockedSource, mirrors: Mirrors) -> SignedArtifact:
        client = self._client(mirrors)
        return client.artifact(client.name(), found.digest)

    def _unpack(self, archive: bytes, folder: Path, locked: LockedSource, mirrors: Mirrors) -> None:
        import tarfile  # noqa: PLC0415 - for a source alone

        from components.lib.files.archive import unpack  # noqa: PLC0415 - the same

        try:
            unpack(archive, folder)
        except (tarfile.TarError, OSError) as error:
            raise self._unfit(locked, f"its archive cannot be unpacked: {error}", mirrors) from None

    def _manifest(self, client: RegistryClient, reference: str, mirrors: Mirrors) -> bytes:
        answer = client.get(client.name(), f"manifests/{reference}", _MANIFESTS)
        if answer.status_code == _NOT_FOUND:
            raise self._missing(mirrors)
        return answer.content

    def _layer(self, manifest: bytes, locked: LockedSource, mirrors: Mirrors) -> str:
        content: Any = json.loads(manifest)
        layers = content.get("layers") if isinstance(content, Mapping) else None
        digest = str(layers[0].get("digest")) if layers else ""
        if not digest.startswith("sha256:"):
            raise self._unfit(locked, "it has no layer by sha256", mirrors)
        return digest

    def _blob(self, layer: str, locked: LockedSource, mirrors: Mirrors) -> bytes:
        from components.lib.registry.transport import AS_IT_IS  # noqa: PLC0415 - HTTP costs time

        client = self._client(mirrors)
        answer = client.get(client.name(), f"blobs/{layer}", AS_IT_IS)
        if answer.status_code == _NOT_FOUND or digest_of(answer.content) != layer:
            raise self._unfit(locked, "the registry has lost or changed its archive", mirrors)
        return answer.content

    def _client(self, mirrors: Mirrors) -> RegistryClient:
        # HTTP costs time at start, and what is in the cache needs none.
        from components.lib.registry.registry_client import RegistryClient  # noqa: PLC0415
        from components.lib.registry.transport import Transport  # noqa: PLC0415

        address = self._address(mirrors)
        return RegistryClient(address, Transport(), access=self.access.at(address))

    def _address(self, mirrors: Mirrors) -> Address:
        return mirrors.address(self.url)

    def _missing(self, mirrors: Mirrors) -> ArtifactError:
        return ArtifactError(
            f"{self.name}: {self._address(mirrors)} has no {self.ref}; correct the ref, or push it."
        )

    def _unfit(self, locked: LockedSource, reason: str, mirrors: Mirrors) -> ArtifactError:
        return ArtifactError(
            f"{self.name}: {locked.shown} of {self._address(mirrors)}: {reason};"
            f" ask its publisher, or run `sluice lock --upgrade {self.name}`."
        )


def _kept(file: Path, digest: str, download: Callable[[], bytes]) -> bytes:
    """Return a file's content, downloaded first where it is not the one of the digest."""
    content = file.read_bytes() if file.is_file() else b""
    if digest_of(content) != digest:
        content = download()
        atomic_file.write(file, content)
    return content
