"""Making a stack what the newest commit says, unless it is so already.

Runs in a clean checkout of the commit, never in the caller's working tree.
What needs the engine is in `sluice.reconciliation.rollout`, which is loaded only for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from components.errors import SluiceError
from sluice.drift.detection import drift
from sluice.errors import CancelledError, LockedError, SuspendedError
from sluice.inputs import deployment_record
from sluice.notification.event import Event
from sluice.notification.publication import publish
from sluice.notification.update_log import log_changes, say
from sluice.reconciliation.commits import Commits, OvertakenError
from sluice.reconciliation.result import Admission, Reconciliation
from sluice.stack.process_lock import WAIT, held
from sluice.stack.repository import Checkout
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.engine.events import Watcher

__all__ = ["reconcile_part", "reconcile_stack"]

_LOG = logging.getLogger(__name__)
_SHOWN = 5


def reconcile_stack(
    stack: Stack,
    commits: Commits,
    *,
    watch: Watcher,
    wait: timedelta = WAIT,
    admissions: Sequence[Admission] = (),
) -> Reconciliation:
    """Make a stack what the newest of the `commits` says once its lock is held.

    `stack` is that of the caller's checkout, whose local state is used; `wait` is how
    long another's update is waited for. What may differ from what was deployed has to
    pass each of the `admissions`; putting drift back does not.

    Raises:
        SuspendedError: where the whole stack is suspended.
        LockedError: where another still holds the stack after the wait.
        DeploymentError: where it fails, after what the stack's policy says.

    """

    def decide() -> Checkout:
        return commits.next(stack)

    def work(checkout: Checkout) -> Reconciliation:
        there, commit = stack.at(checkout), checkout.commit
        left_out = commits.suspended(stack, checkout)
        changed = _changed(there, commit)
        for admit in admissions if changed else ():
            admit(there, commit)
        reasons = changed or _drifted(there)
        if not reasons:
            message = "the same as it was deployed, and no drift"
            return Reconciliation(stack.name, commit, "unchanged", message)
        say(stack, commit, "info", f"reconciling, because of {_listed(reasons)}")
        from sluice.reconciliation.rollout import Rollout  # noqa: PLC0415 - not where nothing changed

        return Rollout(stack, checkout, watch, wait, decide).whole(left_out)

    return _told(stack, decide, wait, work, whole=True)


def reconcile_part(
    stack: Stack,
    commits: Commits,
    components: Sequence[str],
    decide: Callable[[], Checkout],
    *,
    watch: Watcher,
    wait: timedelta = WAIT,
) -> Reconciliation:
    """Do so with the named components alone, whether they changed or not; raises the same.

    The first is the one that is meant, and may not be suspended; `decide` says which
    of the commits it gets.
    """

    def work(checkout: Checkout) -> Reconciliation:
        left_out = commits.suspended(stack, checkout)
        if components[0] in left_out:
            raise SuspendedError(f"{stack}: {components[0]} is suspended; resume it first")
        wanted = [name for name in components if name not in left_out]
        from sluice.reconciliation.rollout import Rollout  # noqa: PLC0415 - as above

        return Rollout(stack, checkout, watch, wait, decide).part(wanted)

    return _told(stack, decide, wait, work, whole=False)


def _told(
    stack: Stack,
    decide: Callable[[], Checkout],
    wait: timedelta,
    work: Callable[[Checkout], Reconciliation],
    *,
    whole: bool,
) -> Reconciliation:
    """Return what the work returns, written into the log and told to the stack's alerts."""
    checkout: Checkout | None = None
    try:
        with held(stack, "reconcile", wait=wait):
            while True:
                checkout = decide()
                try:
                    done = work(checkout)
                    break
                except OvertakenError:
                    _LOG.warning("%s: a newer commit came meanwhile; going on with it", stack)
    except CancelledError as error:
        say(stack, checkout.commit if checkout else "", "error", str(error))
        raise
    except SluiceError as error:
        if checkout is None and isinstance(error, LockedError):
            checkout = decide()
        commit = checkout.commit if checkout else ""
        log_changes(stack, commit, getattr(error, "changes", ()))
        say(stack, commit, "error", str(error))
        if not isinstance(error, SuspendedError):
            event = Event.of_error(stack.name, "reconcile", commit, error)
            publish(stack.repository, event, checkout=checkout)
        raise
    commit = checkout.commit
    log_changes(stack, commit, done.changes)
    say(stack, commit, "info", f"{done.result}: {done.message}")
    told = (done.commit, done.result, done.message, done.changes, done.seconds)
    event = Event.of_update(stack.name, "reconcile", *told)
    is_whole = whole and done.commit == commit
    publish(stack.repository, replace(event, whole=is_whole), checkout=checkout)
    return done


def _changed(stack: Stack, commit: str) -> list[str]:
    """Return what may make the stack another than was deployed."""
    kept = deployment_record.load(stack)
    if kept is None:
        return ["no record of a good deployment on this machine"]
    return deployment_record.changed(stack, kept, commit)


def _drifted(stack: Stack) -> list[str]:
    return [f"{found.kind} {found.name}, which was {found.why}" for found in drift(stack)]


def _listed(reasons: Sequence[str]) -> str:
    shown, more = ", ".join(reasons[:_SHOWN]), len(reasons) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
