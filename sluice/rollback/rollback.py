"""Taking a stack back to an earlier deployment: through Git, or at once and Git afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import git

from sluice.engine.engine import Engine
from sluice.engine.events import Watcher
from sluice.engine.outcome import Outcome
from sluice.errors import RollbackError
from sluice.git.remote import Remote
from sluice.git.worktree import checked_out
from sluice.inventory.history import Deployment, deployments
from sluice.notification.update_log import logged
from sluice.reconciliation.suspending import resume, suspend
from sluice.rollback.packages import provide_packages
from sluice.rollback.restoration import restore
from sluice.rollback.target import rollback_target
from sluice.stack.process_lock import held
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.suspension import Suspension

__all__ = ["REASON", "Rollback", "prepare"]

REASON: Final = "rollback to deployment "
"""How the suspension by a rollback begins."""


@dataclass(frozen=True)
class Rollback:
    """A rollback of which nothing is done yet; made by `prepare`.

    Attributes:
        stack: the stack of the caller's checkout, of which only the folder `.sluice` is touched.
        target: the deployment to go back to.
        remote: the branch that the stacks follow.
        newest: its newest commit.
        suspended: what of the stack is suspended there.
        current: the number of the deployment that the stack has now.

    """

    stack: Stack
    target: Deployment
    remote: Remote
    newest: str
    suspended: Sequence[Suspension]
    current: int

    @property
    def suspension(self) -> Suspension | None:
        """The suspension of the whole stack."""
        return next((entry for entry in self.suspended if not entry.component), None)

    @property
    def message(self) -> str:
        """The message of the commit that makes Git agree."""
        target = self.target
        return (
            f"revert({self.stack}): back to deployment {target.number} ({target.commit[:7]})\n\n"
            f"It was deployed on {target.started:%Y-%m-%d %H:%M} UTC: {target.message}"
        )

    def push(self, *, only_own: bool = False) -> str:
        """Push a commit with the earlier files to the branch itself; return it.

        Raises:
            RepositoryError: with Git's reason; nothing is pushed then.

        """
        return self._published("", only_own=only_own, resumed=False)

    def propose(self, *, only_own: bool = False, resumed: bool = False) -> str:
        """Push a commit with the earlier files to a new branch; return the branch's name.

        With `resumed` it ends the stack's suspension too.

        Raises:
            RepositoryError: with Git's reason; nothing is pushed then.

        """
        branch = self.remote.unused(f"rollback/{self.stack}-{self.target.number}")
        self._published(branch, only_own=only_own, resumed=resumed)
        return branch

    def apply(self, *, differs: bool, watch: Watcher) -> tuple[Outcome, str]:
        """Suspend the stack, apply the earlier commit, and push the branch that makes Git agree.

        Returns what was done, and the branch to merge, which ends the
        suspension. It is empty where the newest commit declares the same, as
        `differs` says: then nothing is suspended, and a suspension by an
        earlier rollback ends.

        Raises:
            DeploymentError, LockedError: as `Engine.up`; the stack stays suspended.
            RepositoryError: where the suspension cannot be pushed; nothing is applied then.
            RollbackError: where the stack was deployed since this was prepared; the same.

        """
        with held(self.stack, "rollback"):
            now = prepare(self.stack, str(self.target.number))
            self._check_current(now.current)
            return now._done(differs=differs, watch=watch)  # noqa: SLF001 - its own

    def _check_current(self, current: int) -> None:
        if current != self.current:
            raise RollbackError(
                f"{self.stack}: deployment {current} came meanwhile, and nothing was changed; "
                "run it again to see what it does now"
            )

    def _done(self, *, differs: bool, watch: Watcher) -> tuple[Outcome, str]:
        where = f"{self.target.number} ({self.target.commit[:7]})"
        if differs and self.suspension is None:
            suspend(self.stack, [], f"{REASON}{where}")
        outcome = self._applied(f"rollback: to deployment {where}", watch)
        if differs:
            return outcome, self.propose(resumed=True)
        if self.suspension is not None:
            resume(self.stack, [])
        return outcome, ""

    def _applied(self, message: str, watch: Watcher) -> Outcome:
        with self.then() as then:
            stack = self.stack.at(then)
            excluded = self.excluded(stack)
            engine = Engine(stack, check=lambda: self._check_current(len(deployments(self.stack))))
            return logged(
                *(self.stack, self.target.commit, message),
                lambda: engine.up(watch=watch, exclude=excluded, message=message),
            )

    @contextmanager
    def then(self) -> Iterator[Repository]:
        """Give a checkout of the earlier commit, with the packages that it ran with."""
        with checked_out(self.stack.repository, self.target.commit) as then:
            provide_packages(self.stack.repository, then)
            yield then

    def _published(self, branch: str, *, only_own: bool, resumed: bool) -> str:
        def edit(root: Path) -> None:
            restore(root, self.target.commit, self.stack.name, only_own=only_own, resumed=resumed)

        return self.remote.publish(self.message, edit, branch=branch)

    def excluded(self, then: Stack) -> list[str]:
        """Return the components that are suspended, in the earlier commit or now."""
        names = {entry.component for entry in (*self.suspended, *then.suspensions())}
        return sorted(names - {""})


def prepare(stack: Stack, to: str) -> Rollback:
    """Return the rollback of a stack, with the remote's newest commit fetched.

    `to` is a deployment's number, its commit, or `last-good`.

    Raises:
        RepositoryError: where there is no remote, or its branch has no such stack.
        RollbackError: where `to` is no deployment that can be gone back to.

    """
    remote = Remote.of(stack.repository)
    newest = remote.fetch()
    with checked_out(stack.repository, newest) as head:
        there = head.stack(stack.name)
        made = deployments(there)
        suspended = there.suspensions()
    target = rollback_target(made, to, stack.name, datetime.now(UTC))
    _check_present(stack.repository, target)
    return Rollback(stack, target, remote, newest, suspended, made[-1].number)


def _check_present(repository: Repository, target: Deployment) -> None:
    there = git.Git(str(repository.root))
    try:
        there.cat_file("-e", f"{target.commit}^{{commit}}")
    except git.GitCommandError:
        shallow = str(there.rev_parse("--is-shallow-repository")) == "true"
        command = "git fetch --unshallow" if shallow else "git fetch --all"
        raise RollbackError(
            f"commit {target.commit[:12]} of deployment {target.number} is not in this repository; "
            f"run `{command}`"
        ) from None
