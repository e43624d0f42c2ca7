"""The client, and the server that it talks to."""

from __future__ import annotations

import pytest

from sluice.gitea import Connection, Gitea
from tests.unit.gitea.fake import SERVER, TOKEN, FakeGitea


@pytest.fixture
def server() -> FakeGitea:
    """The server."""
    return FakeGitea()


@pytest.fixture
def gitea(server: FakeGitea) -> Gitea:
    """The client under test, which does not pause between its tries."""
    connection = Connection(SERVER, f"token {TOKEN}", pause=0)
    connection.api.rest_client.pool_manager = server
    return Gitea(connection, "raibid", "infrastructure")
