"""Repositories of a few files, the real one, and a Gitea that answers from memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from components.runtime.answers import Unlocked
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from sluice.stack.repository import Repository
from tests.unit.sluice.fake_gitea import SERVER, TOKEN, FakeGitea

ROOT = Path(__file__).parents[3]


@pytest.fixture
def fake_charts() -> Unlocked:
    return Unlocked()


@pytest.fixture
def platform() -> Repository:
    """This repository."""
    return Repository(ROOT)


MakeRepository = Callable[..., Repository]


@pytest.fixture
def repository(tmp_path: Path) -> MakeRepository:
    """Make a repository of stacks, each with the one that it follows."""

    def make(**follows: str) -> Repository:
        (tmp_path / "stacks").mkdir()
        (tmp_path / "Pulumi.yaml").write_text(
            "name: infrastructure\nconfig:\n  infrastructure:agents: {type: integer, default: 1}\n"
        )
        for stack, before in follows.items():
            (tmp_path / "stacks" / f"Pulumi.{stack}.yaml").write_text(
                "config:\n"
                f"  infrastructure:context: {stack}-cluster\n"
                f"  infrastructure:follows: '{before}'\n"
            )
        return Repository(tmp_path)

    return make


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
