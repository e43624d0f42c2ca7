"""One comment of a marker and one status of a context, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.gitea.client import Gitea
from tests.unit.sluice.fake_gitea import FakeGitea, comment_form

COMMIT = "c" * 40
POST_STATUS = f"POST /statuses/{COMMIT}"


@pytest.fixture
def kept(server: FakeGitea) -> list[dict[str, Any]]:
    """The pull request's comments."""
    return server.keep_comments(1)


def test_a_comment_is_written_once_and_then_kept_up_to_date(
    gitea: Gitea, kept: list[dict[str, Any]]
) -> None:
    first = gitea.comment(1, "preview", "2 to create")
    second = gitea.comment(1, "preview", "3 to create")
    assert first == second
    assert [comment["body"] for comment in kept] == ["<!-- sluice:preview -->\n3 to create"]


def test_a_comment_that_says_it_already_is_left_alone(
    server: FakeGitea, gitea: Gitea, kept: list[dict[str, Any]]
) -> None:
    gitea.comment(1, "preview", "nothing to do")
    gitea.comment(1, "preview", "nothing to do")
    assert (len(kept), server.count("POST"), server.count("PATCH")) == (1, 1, 0)


def test_each_marker_has_a_comment_of_its_own(gitea: Gitea, kept: list[dict[str, Any]]) -> None:
    gitea.comment(1, "preview", "a")
    gitea.comment(1, "gate", "b")
    assert len(kept) == 2


@pytest.mark.parametrize("lost", ["POST /issues/1/comments", "PATCH /issues/comments/1"])
def test_an_answer_that_gets_lost_makes_no_second_comment(
    server: FakeGitea, gitea: Gitea, kept: list[dict[str, Any]], lost: str
) -> None:
    server.hide.append(lost)
    gitea.comment(1, "preview", "a")
    gitea.comment(1, "preview", "b")
    assert [comment["body"] for comment in kept] == ["<!-- sluice:preview -->\nb"]


def test_of_two_that_write_at_once_one_comment_is_left(
    server: FakeGitea, gitea: Gitea, kept: list[dict[str, Any]]
) -> None:
    create = server.handlers["POST /issues/1/comments"]

    def another_was_faster(given: dict[str, Any]) -> tuple[int, Any]:
        server.on("POST /issues/1/comments", create)
        create({"body": "<!-- sluice:preview -->\ntheirs"})
        return create(given)

    server.on("POST /issues/1/comments", another_was_faster)
    gitea.comment(1, "preview", "ours")
    assert [(c["id"], c["body"]) for c in kept] == [(1, "<!-- sluice:preview -->\nours")]


def test_a_comment_that_quotes_the_marker_is_somebodys_own(
    server: FakeGitea, gitea: Gitea, kept: list[dict[str, Any]]
) -> None:
    server.handlers["POST /issues/1/comments"]({"body": "> <!-- sluice:preview -->"})
    gitea.comment(1, "preview", "a")
    assert len(kept) == 2


def test_a_comment_of_somebody_else_with_the_marker_is_not_made_the_report(
    gitea: Gitea, kept: list[dict[str, Any]]
) -> None:
    kept.append(comment_form(7, "<!-- sluice:preview -->\nnothing to do", author="mallory"))
    gitea.comment(1, "preview", "3 to delete")
    said = [(comment["user"]["login"], comment["body"].splitlines()[1]) for comment in kept]
    assert said == [("mallory", "nothing to do"), ("sluice-bot", "3 to delete")]


def test_a_marker_cannot_end_its_html_comment(gitea: Gitea) -> None:
    with pytest.raises(ValueError, match="HTML comment"):
        gitea.comment(1, "x--", "a")


@pytest.fixture
def statuses(server: FakeGitea) -> list[dict[str, Any]]:
    """The commit's statuses, each as it was sent."""
    sent: list[dict[str, Any]] = []

    def combined(_: dict[str, Any]) -> tuple[int, Any]:
        newest = {status["context"]: status for status in sent}
        return 200, {"statuses": [{**s, "status": s["state"]} for s in newest.values()]}

    def create(given: dict[str, Any]) -> tuple[int, Any]:
        sent.append({key: given[key] for key in ("state", "context", "description", "target_url")})
        return 201, sent[-1]

    server.on(f"GET /commits/{COMMIT}/status", combined)
    server.on(POST_STATUS, create)
    return sent


def test_a_status_is_sent_when_it_changes(gitea: Gitea, statuses: list[dict[str, Any]]) -> None:
    for run, state in enumerate(("pending", "success", "success")):
        gitea.set_status(COMMIT, "sluice/dev", state, "2 created", f"https://x/{run}")  # type: ignore[arg-type]
    assert [status["state"] for status in statuses] == ["pending", "success"]
    assert [status.state for status in gitea.statuses(COMMIT)] == ["success"]


def test_a_status_whose_answer_got_lost_is_not_sent_again(
    server: FakeGitea, gitea: Gitea, statuses: list[dict[str, Any]]
) -> None:
    server.hide.append(POST_STATUS)
    gitea.set_status(COMMIT, "sluice/dev", "success", "done")
    assert len(statuses) == 1


def test_a_sentence_that_is_too_long_to_be_shown_is_cut(
    gitea: Gitea, statuses: list[dict[str, Any]]
) -> None:
    gitea.set_status(COMMIT, "sluice/dev", "failure", "why\n" * 100)
    assert len(statuses[0]["description"]) == 255
    assert statuses[0]["description"].endswith("…")


def test_a_comment_has_an_author_and_a_time(server: FakeGitea, gitea: Gitea) -> None:
    server.on("GET /issues/1/comments", (200, [comment_form(1, "hello")]))
    (comment,) = gitea.comments(1)
    assert (comment.author, comment.created_at and comment.created_at.year) == ("sluice-bot", 2026)
