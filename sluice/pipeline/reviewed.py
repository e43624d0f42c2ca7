"""What was reviewed is what runs: an update is held against what its pull requests showed.

Only what loses data is held back. It goes where the pull request that brought
it had shown it, and had the label; or, for what was pushed without any, where a
message says `Allow-Data-Loss: STACK`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sluice.diff.change import PlannedChange
from sluice.errors import RepositoryError, ReviewError
from sluice.git.commits import merged_since, trailers, tree_of
from sluice.gitea.client import Gitea
from sluice.gitea.records import PullRequest
from sluice.inputs.deployment_record import state_digest
from sluice.pipeline.keeping import kept
from sluice.report.comment import LABEL
from sluice.report.record import StackPreview, title
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["TRAILER", "Merge", "check_reviewed", "unreviewed"]

TRAILER: Final = "Allow-Data-Loss"
"""The trailer by which a commit without a pull request names the stacks that may lose data."""
_LISTED: Final = 5


def unreviewed(
    reviewed: Iterable[PlannedChange], now: Iterable[PlannedChange]
) -> list[PlannedChange]:
    """Return what would lose data now and is not among what was reviewed."""
    known = {_key(change) for change in reviewed}
    return [change for change in now if change.loss and _key(change) not in known]


def check_reviewed(merge: Merge, stack: str, now: Callable[[], Sequence[PlannedChange]]) -> None:
    """Refuse an update that would lose data which nobody has agreed to lose.

    `now` previews the update; it is not called where the commit has the very
    files, and the stack the very state, that were previewed for the pull request.

    Raises:
        ReviewError: naming what would be lost, and why it is not agreed to.
        GiteaError: where Gitea cannot be asked.

    """
    same = merge.same(stack)
    planned = now() if same is None else same.changes
    if not any(change.loss for change in planned) or merge.trusts(stack):
        return
    left = unreviewed(merge.allowed(stack), planned)
    if left:
        raise ReviewError(_sentence(stack, left, merge))


@dataclass(frozen=True)
class Merge:
    """What brought a branch from one commit to another.

    Attributes:
        repository: a checkout that has the commits.
        gitea: where the pull requests are.
        before: the commit that was deployed last, in full; empty where it is not known.
        commit: the commit that is to be deployed, in full.

    """

    repository: Repository
    gitea: Gitea
    before: str
    commit: str

    @cached_property
    def requests(self) -> dict[str, PullRequest | None]:
        """Each commit that came, the newest first, with the pull request that it was."""
        return {commit: self.gitea.pull_request_of(commit) for commit in self._commits()}

    def _commits(self) -> list[str]:
        try:
            since = merged_since(self.repository, self.before, self.commit) if self.before else ()
            return [commit for commit, _ in since] or [self.commit]
        except RepositoryError:  # what was deployed last is not in this clone
            return [self.commit]

    def same(self, stack: str) -> StackPreview | None:
        """Return the preview of the same files on the same state; None without one."""
        request = self.gitea.pull_request_of(self.commit)
        preview = self._preview(request, stack) if request else None
        if preview is None or preview.error or preview.offline or not preview.state:
            return None
        tree = tree_of(self.repository, self.commit)
        now = (tree, state_digest(Stack(self.repository, stack)))
        return preview if (preview.tree, preview.state) == now else None

    def allowed(self, stack: str) -> Iterator[PlannedChange]:
        """Yield what labelled pull requests have shown to lose data in a stack."""
        for request in self.requests.values():
            if request and LABEL in request.labels:
                preview = self._preview(request, stack)
                yield from preview.dangerous if preview else ()

    def trusts(self, stack: str) -> bool:
        """Whether what was pushed without any pull request says that a stack may lose data.

        Beside a pull request no message counts: its own commits came the same way, where it was
        merged by a rebase.
        """
        if any(self.requests.values()):
            return False
        values = (
            value
            for commit in self.requests
            for value in trailers(self.repository, commit, TRAILER)
        )
        return any(stack in value.replace(",", " ").split() for value in values)

    def reasons(self, stack: str) -> Iterator[str]:
        """Yield why what is lost may not be agreed to, for each commit that came."""
        for commit, request in self.requests.items():
            if request is None:
                yield f"{commit[:7]} was pushed without a pull request"
            elif LABEL not in request.labels:
                yield f"#{request.number} has no label {LABEL}"
            elif self._preview(request, stack) is None:
                yield f"of #{request.number} no preview of {stack} is kept"
            else:
                yield f"#{request.number} showed something else"

    def _preview(self, request: PullRequest, stack: str) -> StackPreview | None:
        found = (each for each in kept(self.gitea, request.head_commit) if each.stack == stack)
        return next(found, None)


def _key(change: PlannedChange) -> tuple[str, ...]:
    owner = (change.component_kind, change.component, change.release)
    return (change.operation, *owner, change.kind, change.namespace, change.name)


def _sentence(stack: str, left: Sequence[PlannedChange], merge: Merge) -> str:
    named = [f"{change.operation} {title(change)}" for change in left[:_LISTED]]
    more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    reasons = "; ".join(list(merge.reasons(stack))[:_LISTED])
    return (
        f"{stack}: nothing was changed: the update would {', '.join(named)}{more}, which loses "
        f"data, and nobody has agreed to that ({reasons}). Revert it; or open a pull request, "
        f"which shows it, and merge it with the label {LABEL}"
    )
