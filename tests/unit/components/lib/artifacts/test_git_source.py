from __future__ import annotations

import base64
from pathlib import Path

import git
import pytest

from components.errors import ArtifactError
from components.lib.artifacts.git_source import GitRequest, git_environment
from components.lib.locks.locked_source import LockedSource
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import Mirrors


@pytest.fixture
def remote(tmp_path: Path) -> git.Repo:
    """A repository of two commits, the first of them tagged in two ways."""
    repository = git.Repo.init(tmp_path / "remote", initial_branch="main")
    with repository.config_writer() as config:
        config.set_value("user", "name", "Ada")
        config.set_value("user", "email", "ada@example.com")
    for number in ("1", "2"):
        (tmp_path / "remote" / "a.yaml").write_text(f"number: {number}\n")
        repository.git.add("--all")
        repository.git.commit("--quiet", "--message", number)
        if number == "1":
            repository.git.tag("v1.0.0")
            repository.git.tag("v1.1.0", "--annotate", "--message", "one")
    return repository


def request(remote: git.Repo, ref: str) -> GitRequest:
    return GitRequest(name="team", url=f"file://{remote.working_dir}", ref=ref)


@pytest.mark.parametrize(
    ("ref", "found", "commit"),
    [
        ("branch main", "main@", "HEAD"),
        ("tag v1.0.0", "v1.0.0@", "HEAD~1"),
        ("tag v1.1.0", "v1.1.0@", "HEAD~1"),
        ("semver 1.x", "v1.1.0@", "HEAD~1"),
        ("name refs/heads/main", "refs/heads/main@", "HEAD"),
    ],
)
def test_a_ref_is_the_commit_that_it_is_now(
    remote: git.Repo, ref: str, found: str, commit: str
) -> None:
    digest = remote.commit(commit).hexsha
    assert request(remote, ref).look_up(Mirrors()).revision == f"{found}sha1:{digest}"


def test_a_commit_needs_no_looking_up() -> None:
    asked = GitRequest(name="team", url="https://none.invalid/a", ref=f"commit {'a' * 40}")
    assert asked.look_up(Mirrors()).revision == f"sha1:{'a' * 40}"


def test_a_locked_commit_is_fetched_once_and_read_without_the_server(
    remote: git.Repo, tmp_path: Path
) -> None:
    asked = request(remote, "tag v1.0.0")
    locked = asked.look_up(Mirrors())
    folder = asked.fetch(locked, tmp_path / "cache", Mirrors())
    assert (folder / "a.yaml").read_text() == "number: 1\n"
    Path(remote.working_dir).rename(tmp_path / "gone")
    (folder / "a.yaml").write_text("number: 3\n")
    (folder / "b.yaml").write_text("more")
    assert asked.fetch(locked, tmp_path / "cache", Mirrors()) == folder
    assert [path.name for path in folder.iterdir() if path.name != ".git"] == ["a.yaml"]
    assert (folder / "a.yaml").read_text() == "number: 1\n"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [folder.name]


@pytest.mark.parametrize("ref", ["branch none", "tag v9", "semver 9.x", "name refs/none"])
def test_a_ref_that_is_not_there_is_an_error(remote: git.Repo, ref: str) -> None:
    with pytest.raises(ArtifactError, match=f"team: file://.* has no {ref}; correct the ref"):
        request(remote, ref).look_up(Mirrors())


def test_a_server_or_a_commit_that_is_not_there_is_an_error(
    remote: git.Repo, tmp_path: Path
) -> None:
    gone = GitRequest(name="team", url=f"file://{tmp_path}/none", ref="branch main")
    with pytest.raises(ArtifactError, match=r"team: file://.*/none cannot be read: .*"):
        gone.look_up(Mirrors())
    asked = request(remote, f"commit {'a' * 40}")
    with pytest.raises(ArtifactError, match=rf"at {'a' * 40} cannot be read"):
        asked.fetch(asked.look_up(Mirrors()), tmp_path / "cache", Mirrors())
    assert list((tmp_path / "cache").iterdir()) == []


def test_another_commit_in_the_cache_is_refused(remote: git.Repo, tmp_path: Path) -> None:
    asked = request(remote, "branch main")
    folder = asked.fetch(asked.look_up(Mirrors()), tmp_path / "cache", Mirrors())
    other = LockedSource(name="team", url=asked.url, ref=asked.ref, revision=f"sha1:{'b' * 40}")
    folder.rename(asked.folder(other, tmp_path / "cache"))
    with pytest.raises(ArtifactError, match=r"is another; delete it\."):
        asked.fetch(other, tmp_path / "cache", Mirrors())


def test_a_password_goes_by_the_environment_and_is_never_shown() -> None:
    access = Access(username="ada", password="s3cret", ca_file="/ca.pem")  # noqa: S106
    environment = git_environment(access, "https://gitea.local/team/base")
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://gitea.local/team/base.extraHeader"
    encoded = environment["GIT_CONFIG_VALUE_0"].removeprefix("Authorization: Basic ")
    assert base64.b64decode(encoded) == b"ada:s3cret"
    assert environment["GIT_SSL_CAINFO"] == "/ca.pem"
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert "s3cret" not in repr(access)


def test_a_mirror_is_asked_instead_and_shown_no_password(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://git.example.com/team/base"
    access = Access(username="ada", password="s3cret")  # noqa: S106 - no server's
    asked = GitRequest(name="team", url=url, ref="branch main", access=access)
    mirror = f"http://127.0.0.1:{closed_port}"
    shown: list[tuple[Access, str]] = []

    def environment(given: Access, there: str) -> dict[str, str]:
        shown.append((given, there))
        return git_environment(given, there)

    monkeypatch.setattr("components.lib.artifacts.git_source.git_environment", environment)
    with pytest.raises(ArtifactError, match=f"{mirror}/team/base cannot be read"):
        asked.look_up(Mirrors({"https://git.example.com": mirror}))
    assert shown == [(ANYBODY, f"{mirror}/team/base")]
