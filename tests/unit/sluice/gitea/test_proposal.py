"""A branch and its one pull request, on a real remote and a forge that is a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import git
import pytest

from sluice.git.committer import Committer
from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Description, Proposal
from sluice.stack.repository import Repository
from tests.unit.sluice.forge import Forge

BOT = Committer(name="Bot", mail="bot@example.com")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    git.Repo.init(tmp_path / "remote.git", bare=True, initial_branch="main")
    root = tmp_path / "platform"
    repo = git.Repo.clone_from(str(tmp_path / "remote.git"), root)
    repo.git.checkout("-B", "main")
    (root / "Pulumi.yaml").write_text("name: infrastructure\n")
    (root / ".gitignore").write_text("/.sluice\n")
    repo.git.add("--all")
    BOT.commit(repo, "feat: a platform")
    repo.git.push("--set-upstream", "origin", "main")
    return Remote.of(Repository(root))


def edit(version: str, name: str = "app") -> Callable[[Path], Description]:
    def write(root: Path) -> Description:
        (root / name).write_text(version)
        return Description(f"chore: {name} {version}", f"now {version}", {name: version})

    return write


def proposal(remote: Remote, forge: Forge | None) -> Proposal:
    return Proposal(remote, cast("Gitea | None", forge), "auto", "images dev/apps", ("images",))


def test_a_pull_request_is_opened_and_then_brought_up_to_date(remote: Remote) -> None:
    forge = Forge()
    first = proposal(remote, forge).make(edit("1"), BOT)
    second = proposal(remote, forge).make(edit("2"), BOT)

    assert first.pull_request is not None
    assert first.pull_request.title == "chore: app 1"
    assert first.pull_request.labels == ("images",)
    assert second.pull_request is not None
    assert (second.pull_request.number, second.pull_request.title) == (1, "chore: app 2")
    assert second.pull_request.body.startswith("now 2\n\n<!-- sluice ")


def test_the_same_again_changes_neither_branch_nor_pull_request(remote: Remote) -> None:
    forge = Forge()
    proposal(remote, forge).make(edit("1"), BOT)
    before = list(forge.made)
    again = proposal(remote, forge).make(edit("1"), BOT)
    assert not again.pushed
    assert forge.made == before


def test_what_was_closed_by_hand_is_declined_and_what_was_merged_is_not(remote: Remote) -> None:
    forge = Forge()
    proposal(remote, forge).make(edit("1--rc"), BOT)
    forge.end(1, merged=False)
    proposal(remote, forge).make(edit("2"), BOT)
    forge.end(2, merged=True)

    assert proposal(remote, forge).declined() == {("app", "1--rc")}
    assert "--" not in forge.made[0].body.partition("<!-- ")[2].removesuffix(" -->")


def test_what_other_pull_requests_carried_is_nothing_to_it(remote: Remote) -> None:
    forge = Forge()
    proposal(remote, forge).make(edit("1"), BOT)
    forge.end(1, merged=False)
    other = Proposal(remote, cast("Gitea", forge), "auto", "images dev/others")
    assert other.declined() == set()
    forge.made[0] = replace(forge.made[0], body="<!-- sluice {broken} -->")
    assert proposal(remote, forge).declined() == set()


def test_nothing_to_change_proposes_nothing(remote: Remote) -> None:
    forge = Forge()
    made = proposal(remote, forge).make(lambda _root: None, BOT)
    assert made.branch == ""
    assert forge.made == []


def test_without_a_forge_the_branch_is_pushed(remote: Remote) -> None:
    made = proposal(remote, None).make(edit("1"), BOT)
    assert (made.branch, made.pushed, made.pull_request) == ("auto", True, None)
    assert proposal(remote, None).declined() == set()
