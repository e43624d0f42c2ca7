"""Which commit each stack of a run gets, on real repositories; what runs is Pulumi's history."""

from __future__ import annotations

import json
from pathlib import Path

import git
import pytest

from sluice.errors import SuspendedError
from sluice.reconciliation.commits import Commits
from sluice.stack.repository import Repository

SUSPENDED = "[{component: redis, reason: why, author: Ada, since: 2026-11-23}]"


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Two stacks, `prod` after `dev`, whose branch is at its remote."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    git.Repo.init(tmp_path / "remote.git", bare=True, initial_branch="main")
    root = tmp_path / "platform"
    git.Repo.clone_from(str(tmp_path / "remote.git"), root).git.checkout("-B", "main")
    (root / "stacks").mkdir()
    (root / "Pulumi.yaml").write_text("name: infrastructure\n")
    (root / ".gitignore").write_text("/.sluice\n")
    configure(root, "dev")
    configure(root, "prod", follows="dev")
    return Repository(root)


def configure(root: Path, stack: str, **settings: str) -> None:
    lines = [f"  infrastructure:{key}: {value}\n" for key, value in settings.items()]
    (root / f"stacks/Pulumi.{stack}.yaml").write_text(f"config:\n{''.join(lines) or '  {}'}")


def push(platform: Repository, message: str) -> str:
    with git.Repo(platform.root) as repo:
        repo.git.add("--all")
        repo.git.commit("--allow-empty", "-m", message)
        repo.git.push("--set-upstream", "origin", "main")
        return str(repo.head.commit.hexsha)


def deploy(platform: Repository, stack: str, commit: str, result: str = "succeeded") -> None:
    """Write a row of Pulumi's history, as one that reconciled the stack meanwhile leaves it."""
    local = platform.stack(stack).local_state()
    assert local
    for folder in (local.history, local.checkpoint.parent):
        folder.mkdir(parents=True, exist_ok=True)
    local.checkpoint.touch()
    number = len(list(local.history.iterdir())) + 1
    row = {"kind": "update", "result": result, "startTime": number, "endTime": number}
    told = {**row, "environment": {"git.head": commit}, "message": ""}
    (local.history / f"{stack}-{number}.history.json").write_text(json.dumps(told))


def test_a_stack_gets_the_commit_that_is_the_newest_when_its_lock_is_held(
    platform: Repository,
) -> None:
    old = push(platform, "feat: old")
    with Commits(platform) as commits:
        assert commits.newest().commit == old
        new = push(platform, "feat: new")
        assert commits.next(platform.stack("dev")).commit == new
        assert commits.given(platform.stack("dev")) == new


def test_a_stack_gets_what_the_one_that_it_follows_got_in_the_run(platform: Repository) -> None:
    old = push(platform, "feat: old")
    with Commits(platform) as commits:
        commits.next(platform.stack("dev"))
        push(platform, "feat: not in dev yet")
        assert commits.next(platform.stack("prod")).commit == old


@pytest.mark.parametrize("result", ["succeeded", "failed"])
def test_an_older_commit_never_goes_over_a_newer_one_that_another_run_brought(
    platform: Repository, result: str
) -> None:
    push(platform, "feat: old")
    with Commits(platform) as commits:
        commits.next(platform.stack("dev"))
        newer = push(platform, "feat: newer")
        deploy(platform, "prod", newer, result)
        push(platform, "feat: newest")
        assert commits.next(platform.stack("prod")).commit == newer


def test_after_a_rollback_the_run_s_commit_is_applied_again(platform: Repository) -> None:
    before = push(platform, "feat: before")
    old = push(platform, "feat: old")
    with Commits(platform) as commits:
        commits.next(platform.stack("dev"))
        newer = push(platform, "feat: newer")
        deploy(platform, "prod", newer)
        deploy(platform, "prod", before)
        assert commits.next(platform.stack("prod")).commit == old


def test_a_suspension_counts_at_once_whichever_commit_the_stack_gets(platform: Repository) -> None:
    push(platform, "feat: old")
    prod = platform.stack("prod")
    with Commits(platform) as commits:
        commits.next(platform.stack("dev"))
        configure(platform.root, "prod", follows="dev", suspended=SUSPENDED)
        push(platform, "chore(prod): suspend redis")
        assert commits.suspended(prod, commits.next(prod)) == ["redis"]
        whole = SUSPENDED.replace("component: redis, ", "")
        configure(platform.root, "prod", follows="dev", suspended=whole)
        push(platform, "chore(prod): suspend the stack")
        with pytest.raises(SuspendedError, match="prod: suspended by Ada"):
            commits.suspended(prod, commits.next(prod))


def test_what_was_checked_out_is_gone_with_the_run(platform: Repository) -> None:
    push(platform, "feat: old")
    with Commits(platform) as commits:
        root = commits.newest().root
        assert root.is_dir()
    assert not root.exists()
