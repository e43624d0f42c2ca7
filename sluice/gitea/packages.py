"""Generic packages: files that a run leaves for people and for later runs."""

from __future__ import annotations

from urllib.parse import quote

from sluice.errors import GiteaError
from sluice.gitea.endpoint import Endpoint

__all__ = ["Packages"]

_CONFLICT = 409


class Packages(Endpoint):
    """The generic packages of the repository's owner."""

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
        quoted = "/".join(quote(part, safe="") for part in parts)
        return f"/api/packages/{quote(self.owner, safe='')}/generic/{quoted}"
