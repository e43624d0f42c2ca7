"""What a pull request is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sluice.gitea.client import Gitea
from sluice.pipeline.report import DATA_LOSS, report
from sluice.report.comment import LABEL
from tests.unit.sluice.pipeline.conftest import FakeGitea, a_request
from tests.unit.sluice.previews import COMMIT, CORPUS, change, preview

if TYPE_CHECKING:
    from sluice.report.record import StackPreview


def tell(gitea: FakeGitea, previews: list[StackPreview] | None, *labels: str) -> str:
    gitea.requests[7] = a_request(COMMIT, *labels)
    return report(cast(Gitea, gitea), 7, COMMIT, previews)


def test_it_gets_one_comment_with_a_link_to_the_report_and_a_status_for_each_stack(
    gitea: FakeGitea,
) -> None:
    said = tell(gitea, CORPUS["many"])
    assert said.startswith("#7: 2 stacks reported, https://git.example.com/")
    (body,) = gitea.comments.values()
    assert "https://git.example.com/packages/report.html" in body
    assert gitea.told == {
        "sluice/dev": ("success", "1 to create, 1 to update, 1 to delete"),
        "sluice/staging": ("success", "nothing to do"),
        DATA_LOSS: ("success", "nothing that holds data is deleted or replaced"),
    }


def test_data_loss_fails_until_the_label_is_there_which_needs_no_new_preview(
    gitea: FakeGitea,
) -> None:
    tell(gitea, CORPUS["dangerous"])
    state, sentence = gitea.told[DATA_LOSS]
    assert state == "failure"
    assert sentence.startswith(f"needs the label {LABEL}: dev: PersistentVolumeClaim web/data")
    tell(gitea, None, LABEL)
    assert gitea.told[DATA_LOSS][0] == "success"
    assert "allows it" in gitea.comments[7, "preview"]
    tell(gitea, None)
    assert gitea.told[DATA_LOSS][0] == "failure"


def test_a_preview_that_fails_is_a_failed_status_and_leaves_data_loss_open(
    gitea: FakeGitea,
) -> None:
    tell(gitea, CORPUS["failed"])
    assert gitea.told["sluice/dev"][0] == "failure"
    assert gitea.told[DATA_LOSS] == ("pending", "not known while the preview fails of dev")


def test_a_preview_of_a_commit_that_is_no_longer_the_head_is_told_to_nobody(
    gitea: FakeGitea,
) -> None:
    gitea.requests[7] = a_request("d" * 40)
    said = report(cast(Gitea, gitea), 7, COMMIT, CORPUS["many"])
    assert said == "#7 is at ddddddd by now: the previews of c0ffee0 are not posted"
    assert (gitea.comments, gitea.told, gitea.packages) == ({}, {}, {})


def test_a_record_of_another_commit_is_left_out_and_said(gitea: FakeGitea) -> None:
    old = replace(preview(change("delete", "Namespace", "web"), stack="old"), commit="d" * 40)
    assert tell(gitea, [preview(), old]).endswith("; of another commit, and left out: old")
    assert "sluice/old" not in gitea.told


def test_without_a_preview_that_is_kept_nothing_is_posted(gitea: FakeGitea) -> None:
    assert tell(gitea, None) == "#7: no preview is kept of c0ffee0: nothing is posted"
    assert not gitea.comments
