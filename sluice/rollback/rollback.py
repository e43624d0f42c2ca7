"""Taking a stack back to an earlier deployment: through Git, or at once and Git afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import git

from sluice.engine.engine import Engine, Outcome
from sluice.engine.events import Watcher
from sluice.errors import DeploymentError, LockedError, RollbackError, SuspendedError
from sluice.git.remote import Remote
from sluice.git.worktree import checked_out
from sluice.inventory.history import Deployment, history
from sluice.notification.update_log import logged
from sluice.reconciliation.suspending import resume, suspend
from sluice.recovery.recovery import is_updating
from sluice.rollback.declaration_diff import differences
from sluice.rollback.irrevocable import irrevocable
from sluice.rollback.packages import provide_packages
from sluice.rollback.planning import Plan
from sluice.rollback.restoration import Restoration, restore
from sluice.rollback.target import rollback_target
from sluice.stack.process_lock import held
from sluice.stack.repository import Repository
from sluice.stack.suspension import Suspension, suspensions

__all__ = ["Rollback", "prepare"]

_REASON = "rollback to deployment "


@dataclass(frozen=True)
class Rollback:
    """A rollback of which nothing is done yet; made by `prepare`.

    Attributes:
        repository: the caller's checkout, of which only the folder `.sluice` is touched.
        stack: the stack.
        target: the deployment to go back to.
        remote: the branch that the stacks follow.
        newest: its newest commit.
        suspended: what of the stack is suspended there.

    """

    repository: Repository
    stack: str
    target: Deployment
    remote: Remote
    newest: str
    suspended: Sequence[Suspension]

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

    def plan(self, *, only_own: bool = False) -> Plan:
        """Return what follows once Git has the earlier files.

        Raises:
            RollbackError: where what is then declared cannot be applied.

        """
        with checked_out(self.repository, self.newest) as restored:
            restoration = restore(restored.root, self.target.commit, self.stack, only_own=only_own)
            outcome, lost = self._previewed(restored)
            return Plan(outcome, lost, restoration, self._others(restored, restoration))

    def plan_now(self) -> Plan:
        """Return what applying the earlier commit does, and what Git gets afterwards.

        Raises:
            RollbackError: where it cannot be applied.
            SuspendedError: where the stack is suspended for another reason than a rollback.
            LockedError: where an update of it is running.

        """
        whole = self.suspension
        if whole is not None and not whole.reason.startswith(_REASON):
            raise SuspendedError(f"{self.stack} is {whole}; run `sluice resume {self.stack}` first")
        if is_updating(self.repository, self.stack):
            raise LockedError(f"{self.stack}: an update of it is running; wait for it to end")
        with self._then() as then:
            outcome, lost = self._previewed(then)
        with checked_out(self.repository, self.newest) as restored:
            restoration = restore(restored.root, self.target.commit, self.stack)
            return Plan(outcome, lost, restoration, self._others(restored, restoration))

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

    def apply(self, plan: Plan, watch: Watcher) -> tuple[Outcome, str]:
        """Suspend the stack, apply the earlier commit, and push the branch that makes Git agree.

        Returns what was done, and the branch to merge, which ends the
        suspension. It is empty where the newest commit declares the same: then
        nothing is suspended, and a suspension by an earlier rollback ends.

        Raises:
            DeploymentError, LockedError: as `Engine.up`; the stack stays suspended.
            RepositoryError: where the suspension cannot be pushed; nothing is applied then.

        """
        where = f"{self.target.number} ({self.target.commit[:7]})"
        differs = bool(plan.restoration.paths)
        with held(self.repository, self.stack, "rollback"):
            if differs and self.suspension is None:
                suspend(self.repository, self.stack, [], f"{_REASON}{where}")
            outcome = self._applied(f"rollback: to deployment {where}", watch)
            if differs:
                return outcome, self.propose(resumed=True)
            if self.suspension is not None:
                resume(self.repository, self.stack, [])
            return outcome, ""

    def _applied(self, message: str, watch: Watcher) -> Outcome:
        with self._then() as then:
            engine, excluded = Engine(then, self.stack), self._excluded(then)
            return logged(
                *(self.repository, self.stack, self.target.commit, message),
                lambda: engine.up(watch=watch, exclude=excluded, message=message),
            )

    @contextmanager
    def _then(self) -> Iterator[Repository]:
        with checked_out(self.repository, self.target.commit) as then:
            provide_packages(self.repository, then)
            yield then

    def _published(self, branch: str, *, only_own: bool, resumed: bool) -> str:
        def edit(root: Path) -> None:
            restore(root, self.target.commit, self.stack, only_own=only_own, resumed=resumed)

        return self.remote.publish(self.message, edit, branch=branch)

    def _previewed(self, checkout: Repository) -> tuple[Outcome, list[str]]:
        engine = Engine(checkout, self.stack)
        try:
            outcome = engine.preview(refresh=True, exclude=self._excluded(checkout))
        except DeploymentError as error:
            raise RollbackError(
                f"{self.stack} cannot go back to deployment {self.target.number}, and nothing was "
                f"changed: {error}"
            ) from error
        return outcome, irrevocable(outcome.changes, engine.resources())

    def _excluded(self, checkout: Repository) -> list[str]:
        there = suspensions(checkout, self.stack)
        names = {entry.component for entry in (*self.suspended, *there)}
        return sorted(names - {""})

    def _others(self, restored: Repository, restoration: Restoration) -> dict[str, list[str]]:
        if not restoration.shared:
            return {}
        others = [stack for stack in restored.stacks if stack != self.stack]
        with checked_out(self.repository, self.newest) as newest:
            found = {stack: differences(newest, restored, stack) for stack in others}
        return {stack: titles for stack, titles in found.items() if titles}


def prepare(repository: Repository, stack: str, to: str) -> Rollback:
    """Return the rollback of a stack, with the remote's newest commit fetched.

    `to` is a deployment's number, its commit, or `last-good`.

    Raises:
        RepositoryError: where there is no remote, or its branch has no such stack.
        RollbackError: where `to` is no deployment that can be gone back to.

    """
    remote = Remote.of(repository)
    newest = remote.fetch()
    with checked_out(repository, newest) as head:
        head.chosen((stack,))
        made = history(Engine(head, stack))
        suspended = suspensions(head, stack)
    target = rollback_target(made, to, stack, datetime.now(UTC))
    _check_present(repository, target)
    return Rollback(repository, stack, target, remote, newest, suspended)


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
