"""An update of a stack that ends well: healthy, else as the stack's policy for failures says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import tenacity

from sluice.drift.after_update import put_back
from sluice.engine.engine import Engine
from sluice.engine.events import Watcher
from sluice.engine.outcome import Outcome
from sluice.errors import DeploymentError
from sluice.git.worktree import checked_out
from sluice.inputs import deployment_record
from sluice.inputs.notes import recording
from sluice.inventory.deployed import Deployed, live
from sluice.inventory.history import deployments, good
from sluice.reconciliation.commits import OvertakenError
from sluice.reconciliation.health import healthy
from sluice.reconciliation.result import Reconciliation
from sluice.stack.repository import Checkout
from sluice.stack.settings import FailurePolicy, OnFailure
from sluice.stack.stack import Stack
from sluice.status.rows import component_rows

__all__ = ["Rollout"]

_LOG = logging.getLogger(__name__)
# Pulumi has waited already; a controller may need a moment more to say so.
_SETTLING: Final = timedelta(seconds=30)
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=1)


class Rollout:
    """One update of one stack."""

    def __init__(
        self,
        stack: Stack,
        checkout: Checkout,
        watch: Watcher,
        wait: timedelta,
        decide: Callable[[], Checkout],
    ) -> None:
        """Take the stack of the caller's checkout, and a clean one of the commit.

        `decide` says before each attempt whether the stack is to get that commit still.
        """
        self._stack = stack
        self._there = stack.at(checkout)
        self._checkout = checkout
        self._commit = checkout.commit
        self._watch = watch
        self._wait = wait
        self._decide = decide
        # Who holds the stack's lock on this machine has just decided.
        self._is_decided = self._there.local_state() is not None

    def whole(self, left_out: Sequence[str]) -> Reconciliation:
        """Deploy the commit, without the components that are left out.

        Raises:
            DeploymentError: where it failed, and was not rolled back.

        """
        policy = self._there.settings().on_failure
        try:
            return self._told(self._tried(policy, left_out))
        except DeploymentError as error:
            if policy.on_failure is not OnFailure.ROLLBACK:
                raise
            return self._rolled_back(error, left_out)

    def part(self, components: Sequence[str]) -> Reconciliation:
        """Deploy the named components alone."""
        with deployment_record.noted_reads(self._stack):
            message = f"reconcile: {', '.join(components)} at {self._commit[:7]}"
            engine = Engine(self._there, wait=self._wait, check=self._check_current)
            outcome = engine.up(watch=self._watch, target=components, message=message)
            put_back(self._there, outcome, components)
            healthy(self._there, outcome, self._watch, components)
            self._await_health(self._there, outcome, components)
        return self._told(outcome)

    def _tried(self, policy: FailurePolicy, left_out: Sequence[str]) -> Outcome:
        attempts = 1 + (policy.retries if policy.on_failure is OnFailure.RETRY else 0)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(DeploymentError),
            stop=tenacity.stop_after_attempt(attempts),
            wait=tenacity.wait_exponential(min=_FIRST_PAUSE, max=_LONGEST_PAUSE),
            before_sleep=self._say_again,
            reraise=True,
        )
        message = f"reconcile: {self._commit[:7]}"
        return retrying(
            lambda: self._deployed(self._checkout, message, left_out, self._check_current)
        )

    def _rolled_back(self, error: DeploymentError, left_out: Sequence[str]) -> Reconciliation:
        last = self._last_good()
        if not last:
            raise DeploymentError(
                f"{error}\n  and there is no earlier deployment to go back to", error.changes
            ) from error
        _LOG.warning("%s\n%s: going back to %s", error, self._stack, last[:7])
        message = f"rollback: to {last[:7]}, because {self._commit[:7]} failed"
        with checked_out(self._stack.repository, last) as earlier:
            outcome = self._deployed(earlier, message, left_out)
        changes = [*error.changes, *outcome.changes]
        message = f"{self._commit[:7]} failed, and {last[:7]} runs: {error}"
        return Reconciliation(
            self._stack.name, last, "rolled back", message, outcome.seconds, changes
        )

    def _last_good(self) -> str:
        made = good(deployments(self._there))
        return next((one.commit for one in made if one.commit != self._commit), "")

    def _check_current(self) -> None:
        if not self._is_decided and self._decide().commit != self._commit:
            raise OvertakenError
        self._is_decided = False

    def _deployed(
        self,
        checkout: Checkout,
        message: str,
        left_out: Sequence[str],
        check: Callable[[], None] | None = None,
    ) -> Outcome:
        stack = self._stack.at(checkout)
        with deployment_record.noted_reads(stack) as notes:
            engine = Engine(stack, wait=self._wait, environment=recording(notes), check=check)
            outcome = engine.up(watch=self._watch, exclude=left_out, message=message)
            put_back(stack, outcome)
            healthy(stack, outcome, self._watch, exclude=left_out)
            self._await_health(stack, outcome)
            deployment_record.record(stack, checkout.commit, notes)
        return outcome

    def _await_health(self, stack: Stack, outcome: Outcome, components: Sequence[str] = ()) -> None:
        problems = tenacity.Retrying(
            retry=tenacity.retry_if_result(bool),
            stop=tenacity.stop_after_delay(_SETTLING),
            wait=tenacity.wait_fixed(1),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )(lambda: _problems(stack, components))
        if problems:
            raise DeploymentError(f"{self._stack}: " + "\n  ".join(problems), outcome.changes)

    def _told(self, outcome: Outcome) -> Reconciliation:
        return Reconciliation(
            self._stack.name,
            self._commit,
            "changed" if outcome.changed else "unchanged",
            str(outcome),
            outcome.seconds,
            outcome.changes,
        )

    def _say_again(self, state: tenacity.RetryCallState) -> None:
        if state.outcome and state.next_action:
            error, pause = state.outcome.exception(), state.next_action.sleep
            _LOG.warning("%s\n%s: trying again in %.0f s", error, self._stack, pause)


def _problems(stack: Stack, components: Sequence[str]) -> list[str]:
    deployed = Deployed.of(stack)
    return [
        f"{row.name} is not ready: {row.message}"
        for row in component_rows(deployed, live(stack, deployed), stack.suspensions())
        if not row.ready and not row.suspended and (not components or row.name in components)
    ]
