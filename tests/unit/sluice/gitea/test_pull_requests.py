"""The one pull request of a branch, and what a pull request says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.errors import GiteaError
from sluice.gitea.client import Gitea
from tests.unit.sluice.fake_gitea import FakeGitea, pull_request_form

PROPOSAL = {"head": "monitoring", "base": "main", "title": "Add monitoring", "body": "why"}


@pytest.fixture
def pulls(server: FakeGitea) -> list[dict[str, Any]]:
    """The repository's pull requests."""
    kept: list[dict[str, Any]] = []

    def create(given: dict[str, Any]) -> tuple[int, Any]:
        if kept:
            return 409, {"message": "pull request already exists for these targets"}
        form = pull_request_form(1, title=given["title"], body=given["body"])
        kept.append(form)

        def edit(given: dict[str, Any]) -> tuple[int, Any]:
            form.update(title=given["title"], body=given["body"])
            form["base"] = {**form["base"], "ref": given["base"]}
            return 201, form

        server.on("PATCH /pulls/1", edit)
        server.on("GET /pulls/1", lambda _: (200, form))
        return 201, form

    server.on("GET /pulls", lambda _: (200, list(kept)))
    server.on("POST /pulls", create)
    return kept


def test_a_branch_is_proposed_once_and_then_brought_up_to_date(
    server: FakeGitea, gitea: Gitea, pulls: list[dict[str, Any]]
) -> None:
    first = gitea.propose(**PROPOSAL)
    again = gitea.propose(**PROPOSAL)
    changed = gitea.propose(**{**PROPOSAL, "title": "Add monitoring to dev"})
    assert first.number == again.number == changed.number == 1
    assert changed.title == "Add monitoring to dev"
    assert (len(pulls), server.count("PATCH")) == (1, 1)


def test_a_proposal_whose_answer_got_lost_is_not_made_twice(
    server: FakeGitea, gitea: Gitea, pulls: list[dict[str, Any]]
) -> None:
    server.hide.append("POST /pulls")
    assert gitea.propose(**PROPOSAL).number == 1
    assert len(pulls) == 1


def test_a_proposal_that_another_process_opened_first_is_taken_over(
    server: FakeGitea, gitea: Gitea, pulls: list[dict[str, Any]]
) -> None:
    nothing_yet = iter([[]])
    server.on("GET /pulls", lambda _: (200, next(nothing_yet, list(pulls))))
    server.handlers["POST /pulls"]({"title": "theirs", "body": ""})
    assert gitea.propose(**PROPOSAL).title == "Add monitoring"


@pytest.mark.usefixtures("pulls")
def test_an_edit_that_another_process_came_before_is_made_again(
    server: FakeGitea, gitea: Gitea
) -> None:
    server.handlers["POST /pulls"]({"title": "theirs", "body": ""})
    edit, conflicts = server.handlers["PATCH /pulls/1"], iter([409])

    def edit_later(given: dict[str, Any]) -> tuple[int, Any]:
        status = next(conflicts, 0)
        return (status, {"message": "the issue is already changed"}) if status else edit(given)

    server.on("PATCH /pulls/1", edit_later)
    assert gitea.propose(**PROPOSAL).title == "Add monitoring"


def test_of_two_that_are_opened_at_once_the_oldest_is_left_open(
    server: FakeGitea, gitea: Gitea
) -> None:
    edited: dict[int, dict[str, Any]] = {}
    answers = iter([[], [pull_request_form(2, body="why"), pull_request_form(1, body="theirs")]])
    server.on("GET /pulls", lambda _: (200, next(answers)))
    server.on("POST /pulls", (201, pull_request_form(2)))

    for number in (1, 2):
        server.on(
            f"PATCH /pulls/{number}",
            lambda given, number=number: (
                edited.setdefault(number, given),
                (201, pull_request_form(number)),
            )[1],
        )
    assert gitea.propose(**PROPOSAL).number == 1
    assert edited[2]["state"] == "closed"
    assert edited[1]["body"] == "why"


@pytest.mark.usefixtures("pulls")
def test_a_label_that_the_repository_lacks_is_made(server: FakeGitea, gitea: Gitea) -> None:
    added: list[int] = []
    server.on("GET /labels", (200, [{"id": 1, "name": "sluice"}]))
    server.on("POST /labels", lambda given: (201, {"id": 2, "name": given["name"]}))
    server.on("POST /issues/1/labels", lambda given: (added.extend(given["labels"]), (200, []))[1])
    gitea.propose(**PROPOSAL, labels=("sluice", "images"))
    assert added == [1, 2]


def test_a_forks_branch_of_the_same_name_is_another_pull_request(
    server: FakeGitea, gitea: Gitea
) -> None:
    theirs = {"ref": "monitoring", "sha": "d" * 40, "repo": {"full_name": "eve/infrastructure"}}
    server.on("GET /pulls", (200, [pull_request_form(4, head=theirs), pull_request_form(5)]))
    assert [request.number for request in gitea.pull_requests(head="monitoring")] == [5]
    assert [request.from_fork for request in gitea.pull_requests()] == [True, False]


def test_a_fork_that_is_gone_is_still_a_fork(server: FakeGitea, gitea: Gitea) -> None:
    gone = {"ref": "monitoring", "sha": "d" * 40, "repo": None}
    server.on("GET /pulls/4", (200, pull_request_form(4, head=gone)))
    assert gitea.pull_request(4).from_fork


def test_a_merged_commit_is_found_by_its_pull_request(server: FakeGitea, gitea: Gitea) -> None:
    merged = pull_request_form(4, state="closed", merged=True, merge_commit_sha="e" * 40)
    server.on(f"GET /commits/{'e' * 40}/pull", (200, merged))
    found = gitea.pull_request_of("e" * 40)
    assert found is not None
    assert (found.number, found.merged, found.merge_commit) == (4, True, "e" * 40)
    assert gitea.pull_request_of("f" * 40) is None


def test_an_approval_stands_until_the_reviewer_changes_their_mind(
    server: FakeGitea, gitea: Gitea
) -> None:
    def review(number: int, who: str, state: str, **more: Any) -> dict[str, Any]:
        return {"id": number, "user": {"login": who}, "state": state, **more}

    reviews = [
        review(1, "ada", "APPROVED"),
        review(2, "bob", "APPROVED"),
        review(3, "bob", "REQUEST_CHANGES"),
        review(4, "eve", "APPROVED", dismissed=True),
        review(5, "ada", "COMMENT"),
    ]
    server.on("GET /pulls/1/reviews", (200, reviews))
    assert [approval.author for approval in gitea.approvals(1)] == ["ada"]


def test_a_merge_whose_answer_got_lost_is_not_merged_twice(
    server: FakeGitea, gitea: Gitea, pulls: list[dict[str, Any]]
) -> None:
    gitea.propose(**PROPOSAL)
    merge = lambda _: (pulls[0].update(merged=True, merge_commit_sha="e" * 40), (200, b""))[1]  # noqa: E731
    server.on("POST /pulls/1/merge", merge)
    server.hide.append("POST /pulls/1/merge")
    assert gitea.merge(1).merge_commit == "e" * 40
    assert server.sent.count("POST /pulls/1/merge") == 1


def test_a_merge_that_a_rule_forbids_is_an_error(
    server: FakeGitea, gitea: Gitea, pulls: list[dict[str, Any]]
) -> None:
    gitea.propose(**PROPOSAL)
    server.on("POST /pulls/1/merge", (405, {"message": "Not all required status checks passed"}))
    with pytest.raises(GiteaError, match="Not all required status checks passed"):
        gitea.merge(1)
    assert not pulls[0]["merged"]
