"""What the parts of the client have in common: a connection, and a repository on it."""

from __future__ import annotations

from urllib.parse import quote

from sluice.gitea.connection import Connection

__all__ = ["Endpoint"]


class Endpoint:
    """A repository's part of Gitea's API.

    Attributes:
        connection: the server, as one user.
        owner: the organisation or the user.
        name: the repository's name.

    """

    def __init__(self, connection: Connection, owner: str, name: str) -> None:
        self.connection = connection
        self.owner = owner
        self.name = name

    @property
    def slug(self) -> str:
        """The repository as owner/name."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """The repository's page."""
        return f"{self.connection.server}/{self.slug}"

    def path(self, *parts: object) -> str:
        """The API's path of something in the repository."""
        quoted = (quote(str(part), safe="") for part in (self.owner, self.name, *parts))
        return "/".join(("/repos", *quoted))
