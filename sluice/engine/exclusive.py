"""One update of a stack at a time: no other `sluice`, and no plain `pulumi` either."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import tenacity

from sluice.backend.command import ConcurrentUpdateError
from sluice.backend.messages import plain
from sluice.backend.pulumi import Pulumi, reason
from sluice.errors import GiteaError, LockedError
from sluice.recovery.shared_lock import SharedLock, holders
from sluice.stack.process_lock import WAIT, held
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.gitea.records import Run

__all__ = ["Exclusive"]

T = TypeVar("T")
_LONGEST_PAUSE = timedelta(seconds=5)
_TOLD_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


def _nothing() -> None:
    """Do nothing where no lock was taken over."""


@dataclass(frozen=True)
class Exclusive:
    """The right to change a stack.

    Attributes:
        stack: the stack.
        pulumi: its command, which is asked for locks that are not on this machine.
        wait: how long another's update is waited for.

    """

    stack: Stack
    pulumi: Pulumi
    wait: timedelta = WAIT

    def run(
        self, what: str, change: Callable[[], T], on_takeover: Callable[[], None] = _nothing
    ) -> T:
        """Change the stack while no other `sluice` does, and after any plain `pulumi`.

        `on_takeover` is called where the lock of a run that has ended was taken.

        Raises:
            LockedError: where another still changes it after the wait.

        """
        lock = SharedLock(self.pulumi.ask, self._run_of_pipeline)
        is_shared = self.pulumi.local is None
        told: list[float] = []

        def wait(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if is_shared and lock.take_over(holders(plain(str(error)))):
                _LOG.warning("%s: the run that held it has ended; took its lock", self.stack)
                on_takeover()
            elif state.attempt_number == 1 or time.monotonic() - told[-1] > _TOLD_SECONDS:
                told.append(time.monotonic())
                _LOG.warning("%s: waiting: %s", self.stack, _holder(error))

        with (
            held(self.stack, what, wait=self.wait),
            lock.announced() if is_shared else nullcontext(),
        ):
            try:
                return tenacity.Retrying(
                    retry=tenacity.retry_if_exception_type(ConcurrentUpdateError),
                    # Two that began together, and both gave up, do not begin together again.
                    wait=tenacity.wait_random_exponential(max=_LONGEST_PAUSE),
                    stop=tenacity.stop_before_delay(self.wait),
                    before_sleep=wait,
                    reraise=True,
                )(change)
            except ConcurrentUpdateError as error:
                raise LockedError(f"{self.stack}: {_holder(error)}; wait for it to end") from error

    def _run_of_pipeline(self, number: int) -> Run | None:
        from sluice.gitea.client import Gitea  # noqa: PLC0415 - only where a shared stack is locked

        gitea = Gitea.find(self.stack.repository)
        try:
            return gitea.run(number) if gitea else None
        except GiteaError as error:
            _LOG.warning("%s: run %d cannot be asked for: %s", self.stack, number, error)
            return None


def _holder(error: BaseException | None) -> str:
    holder = re.search(r"created by \S+ \(pid \d+\) at \S+", plain(str(error)))
    return f"{reason(str(error))} ({holder[0]})" if holder else reason(str(error))
