"""The repository on its Gitea server."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sluice.errors import RepositoryError
from sluice.gitea.actions import Actions
from sluice.gitea.connection import Connection
from sluice.gitea.location import locate, token_of
from sluice.gitea.packages import Packages
from sluice.gitea.pull_requests import PullRequests
from sluice.gitea.reporting import Comments, Statuses
from sluice.stack.repository import Repository

__all__ = ["Gitea"]


class Gitea(PullRequests, Comments, Statuses, Actions, Packages):
    """A repository on Gitea, as the user of a token."""

    @classmethod
    def of(cls, repository: Repository, environment: Mapping[str, str] = os.environ) -> Gitea:
        """Return the Gitea that the repository's remote, or the environment, names.

        The token is `$GITEA_TOKEN`, or what is in the file `$GITEA_TOKEN_FILE`.

        Raises:
            RepositoryError: where no server is named, or no token is there.

        """
        location = locate(repository, environment)
        token = token_of(environment)
        if not token:
            raise RepositoryError(
                f"there is no token for {location.server}; set GITEA_TOKEN to one, "
                "or GITEA_TOKEN_FILE to the file that holds it"
            )
        connection = Connection(location.server, f"token {token}")
        return cls(connection, location.owner, location.name)

    @classmethod
    def find(
        cls, repository: Repository, environment: Mapping[str, str] = os.environ
    ) -> Gitea | None:
        """Return the same, or None where no server is named or there is no token."""
        try:
            return cls.of(repository, environment)
        except RepositoryError:
            return None
