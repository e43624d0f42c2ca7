from __future__ import annotations

from typing import TYPE_CHECKING, Any

import git
import pytest

from sluice.inventory.history import deployments_of, last_good, pull_request

if TYPE_CHECKING:
    from pathlib import Path

    from sluice.inventory.history import Deployment
    from tests.unit.sluice.conftest import MakeRepository

FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)


def row(commit: str = FIRST, **fields: Any) -> dict[str, Any]:
    """A row as `pulumi stack history --json` writes it with a file backend."""
    dirty = fields.pop("dirty", False)
    environment = {"git.head": commit, "git.dirty": str(dirty).lower(), "git.author": "Ada"}
    return {
        "version": 0,
        "kind": "update",
        "startTime": "2026-11-23T21:00:00.000Z",
        "endTime": "2026-11-23T21:00:07.000Z",
        "message": "",
        "environment": {**environment, "git.author.email": "ada@example.com"},
        "result": "succeeded",
        "resourceChanges": {"create": 2, "same": 3, "update": 0, "create-replacement": 1},
        **fields,
    }


@pytest.fixture
def told(repository: MakeRepository) -> Any:
    """Read rows, given the oldest first, in a repository that is not in Git."""
    outside = repository(dev="")

    def read(*rows: dict[str, Any]) -> list[Deployment]:
        return deployments_of(list(reversed(rows)), outside)

    return read


def test_a_row_is_read_as_it_stands(told: Any) -> None:
    (only,) = told(row(message="drift: put back", result="failed"))
    assert only.number == 1
    assert (only.revision, only.author) == ("1111111", "Ada <ada@example.com>")
    assert only.started.isoformat() == "2026-11-23T21:00:00+00:00"
    assert only.seconds == 7
    assert only.counts == {"create": 2, "same": 3}
    assert (only.result, only.cause, only.message) == ("failed", "drift", "drift: put back")


def test_the_order_of_the_backend_counts_and_not_the_clock(told: Any) -> None:
    jumped = row(SECOND, startTime="2026-11-23T20:00:00.000Z", endTime="2026-11-23T19:00:00.000Z")
    made = told(row(FIRST), jumped, row(THIRD))
    assert [(one.number, one.commit) for one in made] == [(1, FIRST), (2, SECOND), (3, THIRD)]
    assert made[1].seconds == 0


def test_what_only_changes_the_state_is_no_deployment(told: Any) -> None:
    made = told(row(), row(kind="refresh"), row(kind="import"), row(kind="destroy"))
    assert [(one.number, one.result) for one in made] == [(1, "succeeded"), (2, "destroyed")]


def test_an_update_that_has_not_ended_is_in_progress(told: Any) -> None:
    (only,) = told(row(result="in-progress", endTime=None, resourceChanges=None))
    assert (only.result, only.seconds, only.counts) == ("in-progress", 0, {})


def test_without_git_there_is_no_commit(told: Any) -> None:
    (only,) = told(row(environment={}))
    assert (only.revision, only.author, only.pull_request) == ("-", "", None)


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("merge: #12", "merge"),
        ("reconcile: 1111111", "reconcile"),
        ("drift: 2 objects", "drift"),
        ("rollback: to 3", "rollback"),
        ("", "by hand"),
        ("fix(prod): more memory", "by hand"),
        ("rollback", "by hand"),
    ],
)
def test_the_cause_is_the_word_that_the_message_begins_with(
    told: Any, message: str, cause: str
) -> None:
    assert told(row(message=message))[0].cause == cause


def test_a_commit_s_own_title_is_no_cause(repository: MakeRepository, tmp_path: Path) -> None:
    platform = repository(dev="")
    commit = committed(tmp_path, "rollback: prod to Monday (#7)\n\nIt was too slow.")
    by_hand, told = row(commit, message="rollback: prod to Monday (#7)"), row(commit, message="x")
    elsewhere = row(FIRST, message="reconcile: 1111111")
    made = deployments_of([elsewhere, told, by_hand], platform)
    assert [one.cause for one in made] == ["by hand", "by hand", "reconcile"]
    grace, ada = "Grace <grace@example.com>", "Ada <ada@example.com>"
    assert [one.author for one in made] == [grace, grace, ada]
    assert [one.pull_request for one in made] == [7, 7, None]


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (
            "Merge pull request 'feat: more agents' (#12) from agents into main\n\nReviewed-on: x",
            12,
        ),
        ("Merge pull request 'as in (#3)' (#12) from fork:agents into main", 12),
        ("feat: more agents (#12)\n\nbody (#4)", 12),
        ("feat: more agents", None),
        ("fix what (#12) broke", None),
        ("", None),
    ],
)
def test_the_pull_request_is_in_the_title_of_a_merge_or_a_squash(
    message: str, number: int | None
) -> None:
    assert pull_request(message) == number


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([row(FIRST), row(SECOND)], 1),
        ([row(FIRST), row(SECOND), row(SECOND)], 1),
        ([row(FIRST), row(SECOND, result="failed"), row(THIRD)], 1),
        ([row(FIRST), row(SECOND), row(THIRD, result="failed")], 2),
        ([row(FIRST), row(SECOND), row(SECOND, dirty=True)], 2),
        ([row(FIRST), row(SECOND, dirty=True), row(THIRD)], 1),
        ([row(FIRST), row(SECOND), row(FIRST, message="rollback: to 1")], 2),
        ([row(FIRST), row(SECOND), row(SECOND, kind="destroy")], 1),
        ([row(FIRST)], None),
        ([row(environment={}), row(FIRST)], None),
        ([], None),
    ],
)
def test_the_last_good_one_succeeded_from_another_commit(
    told: Any, rows: list[dict[str, Any]], number: int | None
) -> None:
    found = last_good(told(*rows))
    assert (found.number if found else None) == number


def committed(root: Path, message: str) -> str:
    """Make a repository of one commit and return it."""
    repo = git.Repo.init(root)
    grace = git.Actor("Grace", "grace@example.com")
    with repo:
        commit = repo.index.commit(message, author=grace, committer=grace)
        return str(commit.hexsha)
