"""Pulumi's lock in a backend that several machines share, and taking it over from a dead run.

Pulumi writes down who holds a stack, by user, host and process, and never that
it has died. So a run of the pipeline leaves its number at the stack, as a tag,
before it starts, and takes it away when it has ended. A number that is still
there, of a run that Gitea calls finished and that ran on that host when the
lock was made, says that nobody holds the lock any more.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from components.errors import SluiceError

if TYPE_CHECKING:
    from sluice.gitea.records import Run

__all__ = ["Holder", "SharedLock", "holders"]

_LOG = logging.getLogger(__name__)
_HOLDER = re.compile(r"created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)")
_RUN: Final = "sluice:run:"
_CLAIM: Final = "sluice:takeover"
# Longer than it takes from reading the claim to having the lock.
_CLAIM_SECONDS: Final = 5.0
_UTC_START: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    """Who holds a stack, as Pulumi writes it down.

    Attributes:
        user: the user.
        host: the host's name.
        pid: Pulumi's process there.
        since: when the lock was made.

    """

    user: str
    host: str
    pid: int
    since: datetime


def holders(text: str) -> list[Holder]:
    """Return the holders that Pulumi's error names."""
    return [
        Holder(user, host, int(pid), datetime.fromisoformat(since))
        for user, host, pid, since in _HOLDER.findall(text)
    ]


class SharedLock:
    """The lock of one stack, as one process that wants it sees it."""

    def __init__(
        self,
        pulumi: Callable[..., str],
        run: Callable[[int], Run | None],
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take how Pulumi is called for the stack, and how a run is found by its number."""
        self._pulumi = pulumi
        self._run = run
        self._number = environment.get("GITHUB_RUN_ID", "")
        self._tag = f"{_RUN}{self._number}.{environment.get('GITHUB_RUN_ATTEMPT') or 1}"
        self._sleep = sleep
        self._token = uuid4().hex
        self._claimed: Sequence[Holder] = ()

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Leave the run's number at the stack while it may hold it; nothing outside of a run."""
        if not self._number:
            yield
            return
        self._pulumi("stack", "tag", "set", self._tag, socket.gethostname())
        try:
            yield
        finally:
            self._forget(self._tag)

    def take_over(self, found: Sequence[Holder]) -> bool:
        """Remove the lock where all that hold it are gone; return whether it was.

        It is claimed first, and removed when it is met again: of several that
        find it at once, one removes it.
        """
        if not found or not all(self._is_gone(holder) for holder in found):
            self._claimed = ()
            return False
        if self._claimed != found:
            self._claimed = found
            self._pulumi("stack", "tag", "set", _CLAIM, self._token)
            self._sleep(_CLAIM_SECONDS)
            return False
        self._claimed = ()
        if self._tags().get(_CLAIM) != self._token:
            return False
        self._pulumi("cancel", "--yes")
        self._forget(_CLAIM)
        return True

    def _is_gone(self, holder: Holder) -> bool:
        tags = [
            tag.removeprefix(_RUN)
            for tag, host in self._tags().items()
            if tag.startswith(_RUN) and host == holder.host and tag != self._tag
        ]
        numbers = [tag.partition(".")[0] for tag in tags]
        # Of this run itself, an attempt before this one, which has ended.
        earlier = numbers.count(self._number)
        runs = [self._run(int(number)) for number in numbers if number != self._number]
        finished = [run for run in runs if run is not None and run.finished]
        # One that still runs on that host may be the holder.
        if len(finished) != len(runs):
            return False
        return bool(earlier) or any(_covers(run, holder.since) for run in finished)

    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._pulumi("stack", "tag", "ls", "--json"))
        return found

    def _forget(self, tag: str) -> None:
        try:
            self._pulumi("stack", "tag", "rm", tag)
        except SluiceError as error:
            # The update's own result counts; a tag that stays is only looked at when it is locked.
            _LOG.warning("the stack's tag %s could not be removed: %s", tag, error)


def _covers(run: Run, moment: datetime) -> bool:
    return (run.started_at or _UTC_START) <= moment <= (run.completed_at or _UTC_START)
