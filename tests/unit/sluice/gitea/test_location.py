"""Which server, which repository, which token."""

from __future__ import annotations

from pathlib import Path

import git
import pytest

from sluice.errors import RepositoryError
from sluice.gitea.client import Gitea
from sluice.gitea.location import Location, locate, token_of
from sluice.stack.repository import Repository


@pytest.mark.parametrize(
    ("remote", "server"),
    [
        ("https://git.example.com/raibid/infrastructure.git", "https://git.example.com"),
        ("https://git.example.com/raibid/infrastructure/", "https://git.example.com"),
        ("http://localhost:30080/raibid/infrastructure", "http://localhost:30080"),
        ("https://x.org/apps/git/raibid/infrastructure.git", "https://x.org/apps/git"),
        ("https://ada:pw@git.example.com/raibid/infrastructure", "https://git.example.com"),
    ],
)
def test_a_remote_by_http_names_the_server(remote: str, server: str) -> None:
    assert Location.of_remote(remote) == Location(server, "raibid", "infrastructure")


@pytest.mark.parametrize(
    "remote",
    [
        "git@git.example.com:raibid/infrastructure.git",
        "ssh://git@git.example.com:2222/raibid/infrastructure.git",
    ],
)
def test_a_remote_by_ssh_names_the_repository_only(remote: str) -> None:
    assert Location.of_remote(remote) is None
    found = Location.of_remote(remote, "https://git.example.com/")
    assert found == Location("https://git.example.com", "raibid", "infrastructure")


def test_a_folder_is_no_server() -> None:
    assert Location.of_remote("/srv/git/infrastructure.git") is None


@pytest.fixture
def checkout(tmp_path: Path) -> Repository:
    """A checkout whose remote speaks http."""
    with git.Repo.init(tmp_path) as repo:
        repo.create_remote("origin", "https://git.example.com/raibid/infrastructure")
    return Repository(tmp_path)


def test_a_job_is_told_where_it_runs(checkout: Repository) -> None:
    job = {"GITHUB_SERVER_URL": "http://gitea:3000/", "GITHUB_REPOSITORY": "team/platform"}
    assert locate(checkout, job) == Location("http://gitea:3000", "team", "platform")
    inside = {**job, "SLUICE_GITEA_URL": "http://localhost:30080"}
    assert locate(checkout, inside) == Location("http://localhost:30080", "team", "platform")


def test_without_a_job_the_remote_counts(checkout: Repository) -> None:
    assert locate(checkout, {}).server == "https://git.example.com"


def test_without_a_server_the_error_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="not a Git repository; set SLUICE_GITEA_URL"):
        locate(Repository(tmp_path), {})


def test_without_a_token_there_is_no_gitea(checkout: Repository) -> None:
    assert Gitea.find(checkout, {}) is None
    with pytest.raises(RepositoryError, match=r"no token for https://git\.example\.com"):
        Gitea.of(checkout, {})


def test_a_token_may_be_in_a_file(tmp_path: Path, checkout: Repository) -> None:
    file = tmp_path / "token"
    file.write_text("abc\n")
    assert token_of({"GITEA_TOKEN_FILE": str(file)}) == "abc"
    assert token_of({"GITEA_TOKEN": "def", "GITEA_TOKEN_FILE": str(file)}) == "def"
    found = Gitea.find(checkout, {"GITEA_TOKEN_FILE": str(file)})
    assert found is not None
    assert (found.slug, found.url) == (
        "raibid/infrastructure",
        "https://git.example.com/raibid/infrastructure",
    )


def test_a_token_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="cannot be read"):
        token_of({"GITEA_TOKEN_FILE": str(tmp_path / "gone")})
