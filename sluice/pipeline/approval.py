"""Whether somebody who may has approved that a stack gets what was merged.

Gitea ignores `environment`, so the gate is ours: a stack's configuration names
its approvers, and one of them comments `/approve STACK` on the pull request, or
starts the workflow by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.errors import WaitingError
from sluice.inputs.affected import commits_since_affected
from sluice.pipeline.workflow_run import WorkflowRun
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.gitea.client import Gitea
    from sluice.gitea.records import Comment, PullRequest

__all__ = ["Gate", "approver_of"]


@dataclass(frozen=True)
class Gate:
    """Who may approve what a stack gets.

    Attributes:
        stack: the stack.
        approvers: names of users in Gitea; none where no approval is asked for.

    """

    stack: str
    approvers: Sequence[str]

    @classmethod
    def of(cls, stack: Stack) -> Gate:
        """Return the gate that a stack's configuration sets.

        Raises:
            RepositoryError: where it is no list of names.

        """
        return cls(stack.name, stack.settings().approvers)

    def check(self, repository: Repository, commit: str, gitea: Gitea) -> None:
        """Let a commit through that an approver has approved.

        By starting this job by hand, or by a comment on a pull request that was
        merged with or after the newest commit that can affect the stack.

        Raises:
            WaitingError: saying what to do where none has.

        """
        job = WorkflowRun.current()
        if not self.approvers or (job and job.by_hand and job.actor in self.approvers):
            return
        found = list(self._pull_requests(repository, commit, gitea))
        if not any(approver_of(self, gitea.comments(each.number)) for each in found):
            raise WaitingError(f"{self.stack} waits for approval: {self._advice(found)}")

    def _pull_requests(
        self, repository: Repository, commit: str, gitea: Gitea
    ) -> Iterator[PullRequest]:
        for each in commits_since_affected(Stack(repository, self.stack), commit):
            found = gitea.pull_request_of(each)
            if found is not None:
                yield found

    def _advice(self, found: Sequence[PullRequest]) -> str:
        who = " or ".join(self.approvers)
        if found:
            return f"{who} comments `/approve {self.stack}` on #{found[0].number}"
        return f"{who} starts the workflow reconcile by hand"


def approver_of(gate: Gate, comments: Iterable[Comment]) -> str:
    """Return the first approver whose comment has the line `/approve STACK`; empty for none."""
    wanted = f"/approve {gate.stack}"
    for comment in comments:
        lines = (" ".join(line.split()) for line in comment.body.splitlines())
        if comment.author in gate.approvers and wanted in lines:
            return comment.author
    return ""
