from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import git
import pytest

from sluice.errors import RepositoryError, WaitingError
from sluice.inputs.affected import affected_stacks, commits_since_affected
from sluice.inputs.deployment_record import DeploymentRecord
from sluice.pipeline.approval import Gate, approver_of
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

GATE = Gate("prod", ("ada", "grace"))


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """A repository whose stack `prod` reads `prod.py`, deployed at its first commit."""
    return Platform(tmp_path)


class Platform:
    def __init__(self, root: Path) -> None:
        self.repository = Repository(root)
        self._repo = git.Repo.init(root)
        self._repo.config_writer().set_value("user", "name", "Ada").set_value(
            "user", "email", "ada@example.com"
        ).release()
        (root / "Pulumi.yaml").write_text("name: infrastructure\n")
        self.first = self.commit("prod.py")
        contents = {"file:prod.py": "as it was"}
        record = DeploymentRecord(self.first, contents, [], {}, {}, [])
        file = self.repository.local / "deployments" / "prod.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(asdict(record)))

    def commit(self, path: str) -> str:
        file = self.repository.root / path
        file.write_text(f"{file.read_text() if file.exists() else ''}more\n")
        self._repo.index.add([path])
        return str(self._repo.index.commit(f"change {path}").hexsha)

    def configure(self, text: str) -> None:
        folder = self.repository.root / "stacks"
        folder.mkdir()
        (folder / "Pulumi.prod.yaml").write_text(f"config:\n  infrastructure:approvers: {text}\n")


class Merged:
    """A Gitea in which some commits are merged pull requests with comments."""

    def __init__(self, numbers: dict[str, int], comments: dict[int, list[tuple[str, str]]]) -> None:
        self._numbers = numbers
        self._comments = comments

    def pull_request_of(self, commit: str) -> Any:
        number = self._numbers.get(commit)
        return SimpleNamespace(number=number) if number else None

    def comments(self, number: int) -> list[Any]:
        return [_comment(*said) for said in self._comments.get(number, [])]


def test_a_stack_is_affected_by_what_its_program_reads(platform: Platform) -> None:
    notes = platform.commit("notes.md")
    edit = platform.commit("prod.py")
    stacks = [Stack(platform.repository, name) for name in ("prod", "new")]
    unknown = ["no record of a good deployment on this machine"]
    assert affected_stacks(stacks, platform.first, notes) == {"new": unknown}
    assert affected_stacks(stacks, platform.first, edit) == {
        "prod": ["prod.py"],
        "new": unknown,
    }


def test_what_waits_goes_back_to_the_newest_commit_that_affects_the_stack(
    platform: Platform,
) -> None:
    platform.commit("prod.py")
    edit = platform.commit("prod.py")
    notes = platform.commit("notes.md")
    assert commits_since_affected(Stack(platform.repository, "prod"), notes) == [notes, edit]
    assert commits_since_affected(Stack(platform.repository, "new"), notes) == [notes]


def test_without_approvers_nothing_waits(platform: Platform) -> None:
    gitea: Any = Merged({}, {})
    Gate("dev", ()).check(platform.repository, platform.first, gitea)


def test_a_comment_of_an_approver_lets_through_what_was_merged_until_then(
    platform: Platform,
) -> None:
    edit = platform.commit("prod.py")
    notes = platform.commit("notes.md")
    numbers = {edit: 3, notes: 4}
    for number in numbers.values():
        gitea: Any = Merged(numbers, {number: [("ada", "/approve prod")]})
        GATE.check(platform.repository, notes, gitea)


def test_an_approval_of_something_older_does_not_count(platform: Platform) -> None:
    old = platform.commit("prod.py")
    new = platform.commit("prod.py")
    gitea: Any = Merged({old: 3, new: 4}, {3: [("ada", "/approve prod")]})
    with pytest.raises(WaitingError) as raised:
        GATE.check(platform.repository, new, gitea)
    assert str(raised.value) == (
        "prod waits for approval: ada or grace comments `/approve prod` on #4"
    )
    assert raised.value.exit_code == 0


def test_what_no_pull_request_brought_is_approved_by_starting_the_job(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = platform.commit("prod.py")
    gitea: Any = Merged({}, {})
    with pytest.raises(WaitingError, match="ada or grace starts the workflow reconcile by hand"):
        GATE.check(platform.repository, new, gitea)
    for name, value in (("RUN_ID", "7"), ("EVENT_NAME", "workflow_dispatch"), ("ACTOR", "grace")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    GATE.check(platform.repository, new, gitea)
    monkeypatch.setenv("GITHUB_ACTOR", "mallory")
    with pytest.raises(WaitingError):
        GATE.check(platform.repository, new, gitea)


@pytest.mark.parametrize(
    ("author", "body", "who"),
    [
        ("ada", "/approve prod", "ada"),
        ("grace", "Looks good.\r\n/approve   prod \r\n", "grace"),
        ("mallory", "/approve prod", ""),
        ("ada", "/approve staging", ""),
        ("ada", "I would not say `/approve prod` yet", ""),
        ("ada", "> /approve prod", ""),
    ],
)
def test_an_approval_is_a_line_of_a_comment_by_somebody_who_may(
    author: str, body: str, who: str
) -> None:
    assert approver_of(GATE, [_comment(author, body)]) == who


def test_approvers_are_a_list_of_names(platform: Platform) -> None:
    platform.configure("[ada, grace]")
    assert Gate.of(Stack(platform.repository, "prod")) == Gate("prod", ["ada", "grace"])


def test_another_form_of_approvers_is_refused(platform: Platform) -> None:
    platform.configure("ada")
    with pytest.raises(RepositoryError, match=r"approvers: 'ada' is no list of user names"):
        Gate.of(Stack(platform.repository, "prod"))


def _comment(author: str, body: str) -> Any:
    return SimpleNamespace(author=author, body=body)
