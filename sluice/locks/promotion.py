"""Promotions: what one stack has proven, carried to another in Git."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from components.lib.locks.lock import Lock
from components.lib.locks.promotion import Promoted, Promotion, promotion
from sluice.errors import PromotionError
from sluice.git.remote import Remote
from sluice.git.working_tree import check_clean
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Description, Proposal, Proposed
from sluice.locks.next_lock import image_labels, requests
from sluice.locks.origin import commits_between
from sluice.locks.soundness import Soundness
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["Promoting", "due"]

_LABELS = ("promotion",)


@dataclass
class Promoting:
    """A promotion from one stack to another.

    Attributes:
        source, target: the stacks.
        names: what is carried, such as `redis` or `charts/redis`; all where empty.
        force: whether it is carried even from a stack that is not healthy.
        settled: how long the source has to have run what it runs.

    """

    source: str
    target: str
    names: tuple[str, ...] = ()
    force: bool = False
    settled: timedelta = field(default=timedelta())

    def plan(self, checkout: Repository) -> Promotion:
        """Return what the promotion does to a checkout; nothing is written.

        Raises:
            PromotionError: where the source is not healthy.
            RepositoryError: where a stack is unknown.
            DeclarationError, ArtifactError: where one that is named cannot be carried.

        """
        return self._planned(*self._stacks(checkout))

    def write_here(self, repository: Repository) -> Promotion:
        """Write the target's lock in the working tree; commit nothing.

        Raises:
            RepositoryError: as `plan`, and where the lock has changes that are not committed.

        """
        source, target = self._stacks(repository)
        planned = self._planned(source, target)
        if planned.carried:
            if target.lock_file.exists():
                check_clean(repository, f"stacks/{target.lock_file.name}")
            planned.lock.save(target.lock_file)
        return planned

    def publish(
        self, remote: Remote, gitea: Gitea | None, *, pr: bool, again: bool = True
    ) -> tuple[Promotion, Proposed]:
        """Commit to the newest commit and push, with `pr` to a branch with a pull request.

        Without `again`, what a closed pull request carried is not proposed
        once more. Returns what was planned, and what became of it.

        Raises:
            RepositoryError: as `plan`, or with Git's reason; nothing is pushed then.
            GiteaError: where pull requests cannot be read or opened.

        """
        branch = f"promote/{self.source}-{self.target}" if pr else remote.branch
        subject = f"promote {self.source} {self.target}"
        proposal = Proposal(remote, gitea if pr else None, branch, subject, _LABELS)
        declined = set() if again else proposal.declined()
        plans: list[Promotion] = []
        made = proposal.make(self._edit(plans, declined))
        return plans[-1], made

    def _stacks(self, checkout: Repository) -> tuple[Stack, Stack]:
        return checkout.stack(self.source), checkout.stack(self.target)

    def _planned(self, source: Stack, target: Stack) -> Promotion:
        proven = source.lock()
        planned = promotion(
            proven,
            target.lock(),
            requests(target),
            self.names,
            stacks=(self.source, self.target),
            today=datetime.now(tz=UTC).date(),
        )
        if planned.carried and not self.force:
            self._check(source, proven, planned)
        return planned

    def _edit(
        self, plans: list[Promotion], declined: set[tuple[str, str]]
    ) -> Callable[[Path], Description | None]:
        def edit(root: Path) -> Description | None:
            source, target = self._stacks(Repository(root))
            planned = self._planned(source, target)
            plans.append(planned)
            carries = {each.name: each.new.shown for each in planned.carried}
            if not planned.carried or carries.items() <= declined:
                return None
            planned.lock.save(target.lock_file)
            return self._described(target, planned)

        return edit

    def _check(self, source: Stack, proven: Lock, planned: Promotion) -> None:
        soundness = Soundness.of(source)
        why = soundness.objection(planned.carried, proven)
        if not why and soundness.settled < self.settled:
            why = f"{self.source} has run this for {soundness.settled}, and not for {self.settled}"
        if why:
            raise PromotionError(f"{why}; wait, or carry it all the same with --force")

    def _described(self, target: Stack, planned: Promotion) -> Description:
        steps = [(each.name, _step(each)) for each in planned.carried]
        labels = image_labels(target)
        title = f"chore({target}): promote {_counted(steps)} from {self.source}"
        lines = "".join(f"{name}: {step}\n" for name, step in steps)
        rows = "".join(
            f"| {each.name} | {each.old.shown if each.old else '-'} | {each.new.shown} | "
            f"{commits_between(each.old, each.new, labels) or '-'} |\n"
            for each in planned.carried
        )
        left = "".join(f"- {name} is left: {why}\n" for name, why in planned.left.items())
        body = f"| | {target} now | {self.source} | commits |\n|---|---|---|---|\n{rows}"
        carries = {each.name: each.new.shown for each in planned.carried}
        return Description(f"{title}\n\n{lines}", f"{body}\n{left}".strip(), carries)


def due(repository: Repository) -> Iterator[Promoting]:
    """Yield the promotions that the stacks' settings ask for, to each from the one it follows.

    Raises:
        DeclarationError: where `promoteAfter` is no duration.

    """
    for stack in repository.chosen(()):
        settings = stack.settings()
        settled = settings.promote_after
        if settled is not None:
            yield Promoting(settings.follows, stack.name, settled=settled)


def _step(each: Promoted) -> str:
    return f"{each.old.shown} -> {each.new.shown}" if each.old else each.new.shown


def _counted(steps: list[tuple[str, str]]) -> str:
    if len(steps) == 1:
        name, step = steps[0]
        return f"{name.partition('/')[2]} {step}"
    return f"{len(steps)} versions"
