"""Images as registries have them: their tags, and the digest of one."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from components.errors import ArtifactError, DeclarationError
from components.lib.files.digest import check_digest, digest_of
from components.lib.locks.locked_image import ImageRequest, LockedImage, ReflectionPolicy
from components.lib.policies.tag_filter import pattern
from components.lib.policies.versions import nearest
from components.lib.registry.access import Access
from components.lib.registry.etag_cache import ETagCache
from components.lib.registry.mirrors import Mirrors
from components.lib.registry.registry_client import NOT_FOUND, RegistryClient
from components.lib.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.lib.locks.image_source import ImageSource
    from components.lib.registry.mirrors import Address

__all__ = ["RemoteImages"]

# An image for several platforms is locked by its index, as a pod runs it anywhere.
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ANY_MANIFEST = {"Accept": ", ".join(_MANIFESTS)}
_FEW = 4


class RemoteImages:
    """The images of all registries; the tags of each repository are read once.

    May be used from several threads. Each method raises ArtifactError for
    what cannot be had.
    """

    def __init__(
        self,
        root: Path,
        mirrors: Mirrors | None = None,
        transport: Transport | None = None,
        cache: ETagCache | None = None,
    ) -> None:
        """Take the folder of authorities' files, and where pages of tags are kept."""
        self._root = root
        self._mirrors = mirrors or Mirrors()
        self._transport = transport or Transport()
        self._cache = cache
        self._clients: dict[ImageSource, RegistryClient] = {}
        self._read: dict[ImageSource, Future[list[str]]] = {}
        self._opening = Lock()

    def tags(self, source: ImageSource) -> list[str]:
        """Return the tags of a repository that are not excluded, in the registry's order."""
        with self._opening:
            is_first = source not in self._read
            read = self._read.setdefault(source, Future())
        if is_first:
            try:
                read.set_result(self._tags(source))
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                read.set_exception(error)
        return read.result()

    def newest(self, request: ImageRequest, before: LockedImage | None) -> LockedImage:
        """Return the image that a policy selects."""
        tag = self.selected(request)
        digest = ""
        if request.reflection == ReflectionPolicy.IF_NOT_PRESENT and before:
            is_same = (before.repository, before.tag) == (request.source.image, tag)
            digest = before.digest if is_same else ""
        if request.reflection != ReflectionPolicy.NEVER:
            digest = digest or self.digest(request.source, tag)
        found = LockedImage(
            name=request.name,
            **request.asked(),
            tag=tag,
            digest=digest,
            verified=request.verified,
        )
        client = self._client(request.source)
        request.check_signature(found, before, lambda: client.artifact(client.name(), digest))
        return found

    def selected(self, request: ImageRequest) -> str:
        """Return the tag that a policy selects."""
        tags = self.tags(request.source)
        try:
            tag = request.policy.latest(tags)
        except DeclarationError as error:
            raise ArtifactError(f"The image policy {request.name!r}: {error}.") from error
        if tag is None:
            near = nearest(str(request.policy.strategy), tags) or tags[-_FEW:]
            there = f"the nearest are {', '.join(near)}" if near else "it has no tag at all"
            raise ArtifactError(
                f"No tag of {request.source.image} satisfies the policy {request.name!r}"
                f" ({request.policy}); {there}.",
            )
        return tag

    def digest(self, source: ImageSource, tag: str) -> str:
        """Return `sha256:…` of what a tag names: of several platforms' images, the index's."""
        client = self._client(source)
        name, path = client.name(), f"manifests/{tag}"
        response = client.head(name, path, _ANY_MANIFEST)
        if response.status_code == NOT_FOUND:
            raise ArtifactError(
                f"The tag {tag} of {source.image} was deleted since it was listed; run it again.",
            )
        digest = response.headers.get("Docker-Content-Digest", "")
        if not digest:
            content = client.get(name, path, _ANY_MANIFEST).content
            digest = digest_of(content)
        try:
            check_digest(digest)
        except DeclarationError as error:
            raise ArtifactError(f"The image {source.image}:{tag}: {error}.") from error
        return digest

    def labels(self, source: ImageSource, reference: str) -> Mapping[str, str]:
        """Return the labels of an image by its tag or digest: of several platforms', the first's.

        An image that is gone, or whose configuration is no image's, has none.
        """
        client = self._client(source)
        manifest = self._manifest(client, reference)
        if manifest.get("manifests"):
            manifest = self._manifest(client, str(manifest["manifests"][0]["digest"]))
        digest = (manifest.get("config") or {}).get("digest", "")
        response = client.get(client.name(), f"blobs/{digest}") if digest else None
        if response is None or response.status_code == NOT_FOUND:
            return {}
        found = client.json(response).get("config") or {}
        return dict(found.get("Labels") or {})

    def _manifest(self, client: RegistryClient, reference: str) -> Mapping[str, Any]:
        response = client.get(client.name(), f"manifests/{reference}", _ANY_MANIFEST)
        return {} if response.status_code == NOT_FOUND else client.json(response)

    def _address(self, source: ImageSource) -> Address:
        return self._mirrors.address(f"oci://{_with_host(source.image)}")

    def _tags(self, source: ImageSource) -> list[str]:
        client = self._client(source)
        tags = client.tags(client.name(), self._cache)
        if tags is None:
            raise ArtifactError(
                f"The registry has no image {source.image}; correct the name, or push it.",
            )
        excluded = [pattern(text) for text in source.exclusion_list]
        return [tag for tag in tags if not any(each.search(tag) for each in excluded)]

    def _client(self, source: ImageSource) -> RegistryClient:
        with self._opening:
            if source not in self._clients:
                self._clients[source] = RegistryClient(
                    self._address(source),
                    self._transport,
                    insecure=source.insecure,
                    access=Access(ca_file=self._ca_file(source)),
                )
            return self._clients[source]

    def _ca_file(self, source: ImageSource) -> str:
        if not source.ca_file:
            return ""
        file = self._root / source.ca_file
        if not file.is_file():
            raise ArtifactError(f"{source.ca_file}, which {source.image} names, is not there.")
        return str(file)


def _with_host(image: str) -> str:
    """Return an image's name with its registry, by the rule of Docker's names."""
    first, slash, _ = image.partition("/")
    has_host = slash and (first == "localhost" or "." in first or ":" in first)
    return image if has_host else f"docker.io/{image}"
