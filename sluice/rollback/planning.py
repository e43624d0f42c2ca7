"""What a rollback would do, previewed on the cluster before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluice.engine.engine import Engine
from sluice.engine.outcome import Outcome
from sluice.errors import DeploymentError, LockedError, RollbackError, SuspendedError
from sluice.git.worktree import checked_out
from sluice.recovery.recovery import is_updating
from sluice.rollback.declaration_diff import declared_otherwise
from sluice.rollback.irrevocable import irrevocable
from sluice.rollback.restoration import Restoration, restore
from sluice.rollback.rollback import REASON, Rollback
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["RollbackPlan", "plan", "plan_now"]


@dataclass(frozen=True)
class RollbackPlan:
    """What a rollback would do.

    Attributes:
        outcome: what happens to each object on the cluster.
        lost: a sentence for each thing that does not come back.
        restoration: the files that Git gets back; none where it has them already.
        others: what other stacks declare otherwise with those files: titles of objects, by stack.

    """

    outcome: Outcome
    lost: Sequence[str]
    restoration: Restoration
    others: Mapping[str, Sequence[str]]


def plan(rollback: Rollback, *, only_own: bool = False) -> RollbackPlan:
    """Return what follows once Git has the earlier files.

    Raises:
        RollbackError: where what is then declared cannot be applied.

    """
    with checked_out(rollback.stack.repository, rollback.newest) as restored:
        restoration = _restored(rollback, restored, only_own=only_own)
        outcome, lost = _previewed(rollback, restored)
        return RollbackPlan(outcome, lost, restoration, _others(rollback, restored, restoration))


def plan_now(rollback: Rollback) -> RollbackPlan:
    """Return what applying the earlier commit does, and what Git gets afterwards.

    Raises:
        RollbackError: where it cannot be applied.
        SuspendedError: where the stack is suspended for another reason than a rollback.
        LockedError: where an update of it is running.

    """
    stack, whole = rollback.stack, rollback.suspension
    if whole is not None and not whole.reason.startswith(REASON):
        raise SuspendedError(f"{stack} is {whole}; run `sluice resume {stack}` first")
    if is_updating(stack):
        raise LockedError(f"{stack}: an update of it is running; wait for it to end")
    with rollback.then() as then:
        outcome, lost = _previewed(rollback, then)
    with checked_out(stack.repository, rollback.newest) as restored:
        restoration = _restored(rollback, restored)
        return RollbackPlan(outcome, lost, restoration, _others(rollback, restored, restoration))


def _restored(rollback: Rollback, checkout: Repository, *, only_own: bool = False) -> Restoration:
    target, stack = rollback.target.commit, rollback.stack.name
    return restore(checkout.root, target, stack, only_own=only_own)


def _previewed(rollback: Rollback, checkout: Repository) -> tuple[Outcome, list[str]]:
    stack = rollback.stack.at(checkout)
    try:
        outcome = Engine(stack).preview(refresh=True, exclude=rollback.excluded(stack))
    except DeploymentError as error:
        raise RollbackError(
            f"{stack} cannot go back to deployment {rollback.target.number}, and nothing was "
            f"changed: {error}"
        ) from error
    return outcome, irrevocable(outcome.changes, stack.state().resources())


def _others(
    rollback: Rollback, restored: Repository, restoration: Restoration
) -> dict[str, list[str]]:
    if not restoration.shared:
        return {}
    others = [name for name in restored.stacks if name != rollback.stack.name]
    with checked_out(rollback.stack.repository, rollback.newest) as newest:
        found = {
            name: declared_otherwise(Stack(newest, name), Stack(restored, name)) for name in others
        }
    return {name: titles for name, titles in found.items() if titles}
