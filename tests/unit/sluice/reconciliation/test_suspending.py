"""Suspensions as commits, on real repositories."""

from __future__ import annotations

import shutil
from pathlib import Path

import git
import pytest

from sluice.errors import RepositoryError, SuspendedError
from sluice.reconciliation.suspending import resume, suspend
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.suspension import left_out

ROOT = Path(__file__).parents[4]
STACK = """\
from components import Environment, HelmRepository, member


class Dev(Environment):
    @member
    def charts(self) -> HelmRepository:
        return HelmRepository("charts", "https://charts.example")
"""
CONFIG = """\
config:
  # whose cluster it is
  infrastructure:context: dev-cluster
encryptionsalt: v1:x
"""


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")


@pytest.fixture
def alone(tmp_path: Path, identity: None) -> Repository:  # noqa: ARG001 - who commits
    """A repository of one stack that was never pushed."""
    root = tmp_path / "platform"
    repo = git.Repo.init(root, initial_branch="main")
    (root / "stacks").mkdir()
    shutil.copy2(ROOT / "Pulumi.yaml", root)
    shutil.copy2(ROOT / "stacks" / "__init__.py", root / "stacks")
    (root / "stacks" / "dev.py").write_text(STACK)
    (root / "stacks" / "Pulumi.dev.yaml").write_text(CONFIG)
    (root / ".gitignore").write_text("/.sluice\n__pycache__\n")
    repo.git.add("--all")
    repo.git.commit("--message", "feat: a platform")
    return Repository(root)


@pytest.fixture
def shared(alone: Repository, tmp_path: Path) -> Repository:
    """The same, with a remote."""
    git.Repo.init(tmp_path / "remote.git", bare=True, initial_branch="main")
    repo = git.Repo(alone.root)
    repo.create_remote("origin", str(tmp_path / "remote.git"))
    repo.git.push("--set-upstream", "origin", "main")
    return alone


def pulled(repository: Repository) -> Repository:
    git.Repo(repository.root).git.pull()
    return repository


def text(repository: Repository) -> str:
    return (repository.root / "stacks" / "Pulumi.dev.yaml").read_text()


def test_a_component_is_suspended_by_a_commit_that_is_pushed(shared: Repository) -> None:
    (shared.root / "stacks" / "dev.py").write_text("unsaved work")
    assert suspend(Stack(shared, "dev"), ["charts"], "the  registry\nmoves") == "origin/main"
    assert text(shared) == CONFIG
    (entry,) = Stack(pulled(shared), "dev").suspensions()
    assert (entry.component, entry.reason) == ("charts", "the registry moves")
    assert entry.author == "Ada <ada@example.com>"
    commit = git.Repo(shared.root).head.commit
    assert commit.message == "chore(dev): suspend charts\n\nthe registry moves\n"
    assert list(commit.stats.files) == ["stacks/Pulumi.dev.yaml"]
    assert left_out(Stack(shared, "dev")) == [entry]


def test_what_is_resumed_leaves_the_file_as_it_was(shared: Repository) -> None:
    suspend(Stack(shared, "dev"), [], "moving")
    suspend(Stack(shared, "dev"), ["charts"], "moving too")
    with pytest.raises(SuspendedError, match=r"^stack dev is suspended by Ada .*: moving; run `s"):
        left_out(Stack(pulled(shared), "dev"))
    resume(Stack(shared, "dev"), [])
    assert [entry.component for entry in Stack(pulled(shared), "dev").suspensions()] == ["charts"]
    resume(Stack(shared, "dev"), ["charts"])
    assert text(pulled(shared)) == CONFIG


def test_without_a_remote_it_is_committed_where_it_is(alone: Repository) -> None:
    assert suspend(Stack(alone, "dev"), [], "moving") == ""
    assert not git.Repo(alone.root).is_dirty()
    assert Stack(alone, "dev").suspensions()[0].component == ""
    resume(Stack(alone, "dev"), [])
    assert text(alone) == CONFIG


def test_a_commit_that_is_not_to_be_pushed_stays_here(shared: Repository) -> None:
    assert suspend(Stack(shared, "dev"), [], "moving", push=False) == ""
    repo = git.Repo(shared.root)
    assert repo.git.rev_list("--count", "origin/main..main") == "1"


def test_a_file_with_other_changes_is_left_alone(alone: Repository) -> None:
    file = alone.root / "stacks" / "Pulumi.dev.yaml"
    file.write_text(CONFIG + "# mine\n")
    with pytest.raises(RepositoryError, match=r"Pulumi.dev.yaml has changes that are not commit"):
        suspend(Stack(alone, "dev"), [], "moving")
    assert file.read_text() == CONFIG + "# mine\n"


def test_a_commit_that_git_refuses_leaves_the_file_as_it_was(alone: Repository) -> None:
    hook = alone.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no commits today >&2\nexit 1\n")
    hook.chmod(0o700)
    with pytest.raises(RepositoryError, match="the commit cannot be made: no commits today"):
        suspend(Stack(alone, "dev"), [], "moving")
    assert text(alone) == CONFIG


def test_what_cannot_be_suspended_is_refused_and_nothing_is_pushed(shared: Repository) -> None:
    suspend(Stack(shared, "dev"), ["charts"], "moving")
    before = git.Repo(shared.root).git.ls_remote("origin")
    with pytest.raises(RepositoryError, match="dev: charts is already suspended by Ada <ada@ex"):
        suspend(Stack(shared, "dev"), ["charts"], "again")
    with pytest.raises(RepositoryError, match="declares no component 'web'; there are: charts"):
        suspend(Stack(shared, "dev"), ["web"], "moving")
    with pytest.raises(RepositoryError, match="no stack 'qa'; there are: dev"):
        suspend(Stack(shared, "qa"), [], "moving")
    with pytest.raises(RepositoryError, match="stack dev is not suspended; run sluice resume dev "):
        resume(Stack(shared, "dev"), [])
    assert git.Repo(shared.root).git.ls_remote("origin") == before


def test_who_suspends_has_to_have_a_name(
    alone: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git.Repo(alone.root).git.config("user.useConfigOnly", "true")
    with pytest.raises(RepositoryError, match="Git does not know who you are; run `git config"):
        suspend(Stack(alone, "dev"), [], "moving")
    assert text(alone) == CONFIG
