"""`sluice lock --push` and `--pr`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import git
import pytest

from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Proposed
from sluice.locks.publishing import propose_locks
from sluice.stack.repository import Repository
from tests.unit.sluice.forge import Forge
from tests.unit.sluice.images.platform import Registry, build


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """What is found where a policy is resolved."""
    found = Registry()
    monkeypatch.setattr("sluice.locks.next_lock.look_ups_of", lambda *_: {"images": found.newest})
    return found


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    return Repository(build(tmp_path))


def test_locks_are_one_pull_request_that_is_not_insisted_on(
    platform: Repository, registry: Registry
) -> None:
    forge, remote = Forge(), Remote.of(platform)

    def run() -> Proposed:
        return propose_locks(remote, cast("Gitea", forge), ("dev",), None, pr=True)[1]

    assert run().pushed
    assert not run().pushed
    (request,) = forge.made
    assert (request.title, request.head_branch) == ("chore(dev): lock 2 changes", "lock-dev")
    assert "| dev | images/app | - | 1.1.0 | first locked |" in request.body
    forge.end(1, merged=False)
    assert run() == Proposed()
    registry.tags["gitea.local/worker"].append("3.1.0")
    assert run().pushed
    assert git.Repo(platform.root).git.status("--porcelain") == ""


def test_a_push_is_a_commit_with_each_change(platform: Repository, registry: Registry) -> None:
    remote = Remote.of(platform)
    locks, made = propose_locks(remote, None, (), (), pr=False)
    assert (made.branch, made.pushed) == ("main", True)
    assert [each.stack for each in locks] == ["dev", "staging"]
    message = git.Repo(platform.root).git.log("-1", "--format=%B", "origin/main")
    assert message.splitlines()[0] == "chore(dev, staging): lock 4 changes"
    assert "staging images/worker: - -> 3.0.0 (first locked)" in message
    registry.tags["gitea.local/worker"].append("3.1.0")
    assert propose_locks(remote, None, (), (), pr=False)[1] == Proposed()
