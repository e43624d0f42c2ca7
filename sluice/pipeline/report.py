"""Telling a pull request what merging it does: one comment, and a status for each stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sluice.gitea.client import Gitea
from sluice.gitea.records import State, Status
from sluice.pipeline.keeping import keep, kept
from sluice.report.comment import LABEL, Place, comment
from sluice.report.record import StackPreview, title

__all__ = ["DATA_LOSS", "report", "status_context", "statuses"]

DATA_LOSS: Final = "sluice/data-loss"
"""The status that fails until what loses data is agreed to; made for branch protection."""
_MARKER: Final = "preview"


def status_context(stack: str) -> str:
    """Return the name of a stack's commit status."""
    return f"sluice/{stack}"


def report(gitea: Gitea, number: int, commit: str, previews: Sequence[StackPreview] | None) -> str:
    """Report on a pull request; return what was done, in a sentence.

    Without `previews`, those that are kept of the commit are reported anew,
    which a change of the labels needs. What is not of the pull request's head
    is told to nobody.

    Raises:
        GiteaError: where Gitea cannot be asked, or refuses.

    """
    request = gitea.pull_request(number)
    if request.head_commit != commit:
        return (
            f"#{number} is at {request.head_commit[:7]} by now: "
            f"the previews of {commit[:7]} are not posted"
        )
    given = kept(gitea, commit) if previews is None else previews
    if previews is None and not given:
        return f"#{number}: no preview is kept of {commit[:7]}: nothing is posted"
    current = [each for each in given if each.commit == commit]
    place = Place(gitea.url, gitea.connection.server, keep(gitea, commit, current))
    allowed = LABEL in request.labels
    url = gitea.comment(number, _MARKER, comment(current, place, allowed=allowed))
    for each in statuses(current, allowed=allowed):
        gitea.set_status(commit, each.context, each.state, each.description, url)
    others = [each.stack for each in given if each.commit != commit]
    left = f"; of another commit, and left out: {', '.join(others)}" if others else ""
    return f"#{number}: {len(current)} stacks reported, {url}{left}"


def statuses(previews: Sequence[StackPreview], *, allowed: bool) -> Iterator[Status]:
    """Yield the statuses that the previews of a commit give it.

    `allowed` says whether the pull request has the label that losing data needs.
    """
    for each in previews:
        yield Status(
            state="failure" if each.error else "success",
            context=status_context(each.stack),
            description=each.sentence,
        )
    state, sentence = _data_loss(previews, allowed=allowed)
    yield Status(state=state, context=DATA_LOSS, description=sentence)


def _data_loss(previews: Sequence[StackPreview], *, allowed: bool) -> tuple[State, str]:
    lost = [f"{each.stack}: {title(change)}" for each in previews for change in each.dangerous]
    failed = [each.stack for each in previews if each.error]
    if lost and not allowed:
        return "failure", f"needs the label {LABEL}: {', '.join(lost)}"
    if failed:
        return "pending", f"not known while the preview fails of {', '.join(failed)}"
    if lost:
        return "success", f"allowed by the label {LABEL}: {', '.join(lost)}"
    return "success", "nothing that holds data is deleted or replaced"
