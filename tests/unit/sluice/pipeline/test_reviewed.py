"""What was reviewed is what runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import git
import pytest

from sluice.diff.change import PlannedChange
from sluice.errors import ReviewError
from sluice.git.commits import resolved, tree_of
from sluice.gitea.client import Gitea
from sluice.pipeline import reviewed
from sluice.pipeline.keeping import keep
from sluice.pipeline.reviewed import Merge, check_reviewed
from sluice.report.comment import LABEL
from sluice.stack.repository import Repository
from tests.unit.sluice.pipeline.conftest import FakeGitea, a_request
from tests.unit.sluice.previews import COMMIT, change, preview

CLAIM = change("delete", "PersistentVolumeClaim", "data")
OTHER = change("delete", "PersistentVolumeClaim", "other")
HARMLESS = change("update", "ConfigMap", "settings")
Commit = Callable[[str], str]


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Commit something on the branch; return the commit."""
    run = git.Git(tmp_path).execute
    run(["git", "init", "--quiet", "--initial-branch=main"])
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")

    def make(message: str) -> str:
        run(["git", *author, "commit", "--quiet", "--allow-empty", "--message", message])
        return str(run(["git", "rev-parse", "HEAD"]))

    return make


@pytest.fixture
def merge(tmp_path: Path, gitea: FakeGitea) -> Callable[[str, str], Merge]:
    return lambda before, after: Merge(Repository(tmp_path), cast(Gitea, gitea), before, after)


def check(merge: Merge, *now: PlannedChange) -> None:
    check_reviewed(merge, "dev", lambda: now)


def merged(
    gitea: FakeGitea, commit: str, *labels: str, number: int = 7, shown: PlannedChange
) -> None:
    head = f"{number:040}"
    gitea.requests[number] = a_request(head, *labels, number=number, merge=commit)
    keep(cast(Gitea, gitea), head, [replace(preview(shown), commit=head)])


Given = Callable[[str, str], Merge]


def test_what_a_labelled_pull_request_has_shown_runs(
    gitea: FakeGitea, commit: Commit, merge: Given
) -> None:
    before, after = commit("one"), commit("two")
    merged(gitea, after, LABEL, shown=CLAIM)
    check(merge(before, after), CLAIM, HARMLESS)


def test_what_it_has_not_shown_stops_and_is_named(
    gitea: FakeGitea, commit: Commit, merge: Given
) -> None:
    before, after = commit("one"), commit("two")
    merged(gitea, after, LABEL, shown=CLAIM)
    with pytest.raises(ReviewError) as caught:
        check(merge(before, after), CLAIM, OTHER)
    said = str(caught.value)
    assert said.startswith(
        "dev: nothing was changed: the update would delete PersistentVolumeClaim web/other, "
    )
    assert "(#7 showed something else)" in said
    replaced = change("replace", "PersistentVolumeClaim", "data")
    with pytest.raises(ReviewError, match="replace PersistentVolumeClaim web/data"):
        check(merge(before, after), replaced)


def test_what_was_shown_without_the_label_stops(
    gitea: FakeGitea, commit: Commit, merge: Given
) -> None:
    before, after = commit("one"), commit("two")
    merged(gitea, after, shown=CLAIM)
    with pytest.raises(ReviewError, match=rf"#7 has no label {LABEL}"):
        check(merge(before, after), CLAIM)


def test_each_pull_request_since_the_last_deployment_counts(
    gitea: FakeGitea, commit: Commit, merge: Given
) -> None:
    before, first, second = commit("one"), commit("two"), commit("three")
    merged(gitea, first, LABEL, number=7, shown=CLAIM)
    merged(gitea, second, LABEL, number=8, shown=OTHER)
    check(merge(before, second), CLAIM, OTHER)
    with pytest.raises(ReviewError, match="web/data"):
        check(merge(first, second), CLAIM, OTHER)


def test_a_push_without_a_pull_request_may_lose_data_where_its_message_says_so(
    commit: Commit, merge: Given
) -> None:
    before, plain = commit("one"), commit("two")
    with pytest.raises(ReviewError, match="was pushed without a pull request"):
        check(merge(before, plain), CLAIM)
    check(merge(before, plain), HARMLESS)
    check(merge(before, commit("three\n\nAllow-Data-Loss: staging, dev")), CLAIM)
    other = commit("four\n\nAllow-Data-Loss: staging")
    with pytest.raises(ReviewError):
        check(merge(git_parent(merge, other), other), CLAIM)


def git_parent(merge: Given, commit: str) -> str:
    return resolved(merge("", "").repository, f"{commit}^")


def test_the_message_of_a_pull_request_s_commit_allows_nothing(
    gitea: FakeGitea, commit: Commit, merge: Given
) -> None:
    before, after = commit("one"), commit("two\n\nAllow-Data-Loss: dev")
    check(merge(before, after), CLAIM)
    merged(gitea, after, shown=CLAIM)
    with pytest.raises(ReviewError):
        check(merge(before, after), CLAIM)
    rebased = commit("three, of the same pull request")
    merged(gitea, rebased, shown=CLAIM)
    with pytest.raises(ReviewError):
        check(merge(before, rebased), CLAIM)


def test_where_the_last_deployment_is_not_known_only_the_newest_commit_counts(
    gitea: FakeGitea, commit: Commit, merge: Given
) -> None:
    _, first, second = commit("one"), commit("two"), commit("three")
    merged(gitea, first, LABEL, shown=CLAIM)
    for before in ("", COMMIT):
        with pytest.raises(ReviewError, match=f"{second[:7]} was pushed"):
            check(merge(before, second), CLAIM)


def test_the_same_files_on_the_same_state_are_not_previewed_again(
    gitea: FakeGitea, commit: Commit, merge: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewed, "state_digest", lambda *_: "the state")
    before, after = commit("one"), commit("two")
    tree = tree_of(merge("", "").repository, after)

    def refuse() -> list[PlannedChange]:
        raise AssertionError

    def keep_one(**more: str) -> None:
        usual = {"commit": "7" * 40, "tree": tree, "state": "the state"}
        one = replace(preview(CLAIM), **{**usual, **more})
        keep(cast(Gitea, gitea), "7" * 40, [one])

    gitea.requests[7] = a_request("7" * 40, LABEL, merge=after)
    keep_one()
    check_reviewed(merge(before, after), "dev", refuse)
    gitea.requests[7] = a_request("7" * 40, merge=after)
    with pytest.raises(ReviewError):
        check_reviewed(merge(before, after), "dev", refuse)
    for other in ({"state": "another"}, {"tree": "another"}, {"error": "it failed"}):
        keep_one(**other)
        with pytest.raises(AssertionError):
            check_reviewed(merge(before, after), "dev", refuse)
