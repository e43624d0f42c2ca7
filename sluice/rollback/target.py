"""Which deployment a rollback goes back to, and why one cannot be gone back to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sluice.errors import RollbackError
from sluice.inventory.history import Deployment, last_good

__all__ = ["LAST_GOOD", "rollback_target"]

LAST_GOOD = "last-good"
_SHORTEST_COMMIT = 4
_PROBLEMS = {
    "failed": "failed, so what ran is not what its commit declares",
    "in-progress": "has not ended",
    "destroyed": "removed the stack",
}


def rollback_target(
    made: Sequence[Deployment], wanted: str, stack: str, now: datetime
) -> Deployment:
    """Return the deployment that is meant by its number, its commit or `last-good`.

    Of several with one commit it is the newest that succeeded.

    Raises:
        RollbackError: where there is none, it did not succeed, or no commit has what it ran.

    """
    if not made:
        raise RollbackError(f"{stack} was never deployed")
    target = _last_good(made, stack, now) if wanted == LAST_GOOD else _named(made, wanted, stack)
    problem = _problem(target)
    if problem:
        raise RollbackError(
            f"deployment {target.number} of {stack} {problem}; choose another: "
            f"`sluice history {stack}`"
        )
    return target


def _problem(target: Deployment) -> str:
    if target.result != "succeeded":
        return _PROBLEMS.get(target.result, target.result)
    if not target.commit:
        return "was not made from a Git checkout, so nothing has its files"
    if target.dirty:
        commit = target.commit[:7]
        return f"ran files that differed from its commit {commit}, so no commit has what it ran"
    return ""


def _last_good(made: Sequence[Deployment], stack: str, now: datetime) -> Deployment:
    if made[-1].started > now:
        raise RollbackError(
            f"the clock went back: deployment {made[-1].number} of {stack} is of "
            f"{made[-1].started:%Y-%m-%d %H:%M} UTC, which is to come, so which one is the newest "
            "is not known; name the one to go back to with --to"
        )
    good = last_good(made)
    if good is None:
        raise RollbackError(
            f"{stack} has no earlier deployment that succeeded from another, clean commit; "
            f"see `sluice history {stack}`, and name one with --to"
        )
    return good


def _named(made: Sequence[Deployment], wanted: str, stack: str) -> Deployment:
    matching = [one for one in made if wanted == str(one.number)] or _of_commit(made, wanted)
    if not matching:
        raise RollbackError(
            f"{stack} has no deployment {wanted}; there are 1 to {len(made)}: "
            f"`sluice history {stack}`"
        )
    commits = sorted({one.commit[:12] for one in matching})
    if len(commits) > 1:
        raise RollbackError(f"commit {wanted} may be {' or '.join(commits)}; write more of it")
    return next((one for one in reversed(matching) if not _problem(one)), matching[-1])


def _of_commit(made: Sequence[Deployment], wanted: str) -> list[Deployment]:
    if len(wanted) < _SHORTEST_COMMIT:
        return []
    return [one for one in made if one.commit.startswith(wanted.lower())]
