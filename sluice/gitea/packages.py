"""Packages: files that a run leaves for people and for later runs, and images."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import msgspec

from sluice.errors import GiteaError
from sluice.gitea.endpoint import Endpoint

__all__ = ["Packages"]

_CONFLICT = 409


class _Version(msgspec.Struct, frozen=True):
    repository: dict[str, object] | None = None


class Packages(Endpoint):
    """The packages of the repository's owner."""

    def link_image(self, image: str) -> bool:
        """Make an image of the owner in this Gitea's registry one of the repository's.

        Only of a repository's packages does Gitea tell workflows (`on: registry_package`).
        Returns whether it was linked now: one that is of a repository is left, and one that
        is elsewhere or not pushed yet is none.
        """
        host, _, name = image.partition("/")
        owner, _, package = name.partition("/")
        if (host, owner) != (urlsplit(self.connection.server).netloc, self.owner) or not package:
            return False
        path = f"/packages/{_quoted(owner, 'container', package)}"
        versions = self.connection.find(path, list[_Version]) or []
        if not versions or any(version.repository for version in versions):
            return False
        self.connection.call("POST", f"{path}/-/link/{_quoted(self.name)}")
        return True

    def upload_package(self, name: str, version: str, file: str, content: bytes) -> str:
        """Store a file of a package's version, in place of an older one; return its address."""
        path = self._package(name, version, file)
        try:
            self.connection.call("PUT", path, body=content)
        except GiteaError as error:
            if error.status != _CONFLICT:
                raise
            if self.connection.call("GET", path).data != content:
                self.connection.call("DELETE", path)
                self.connection.call("PUT", path, body=content)
        return f"{self.connection.server}{path}"

    def download_package(self, name: str, version: str, file: str) -> bytes:
        """Return a file of a package's version.

        Raises:
            GiteaError: where it is not there.

        """
        return self.connection.call("GET", self._package(name, version, file)).data

    def _package(self, *parts: str) -> str:
        return f"/api/packages/{_quoted(self.owner, 'generic', *parts)}"


def _quoted(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)
