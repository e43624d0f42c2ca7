"""Going on after an update that was killed: its lock, its half-done state, its Helm releases."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from components.errors import SluiceError
from sluice.backend.local_state import LocalState
from sluice.backend.secret_values import Entry
from sluice.recovery.copies import remove_cut_off, restore
from sluice.recovery.repair import (
    Deployment,
    has_pending,
    needs_repair,
    release_id,
    release_ids,
    repaired,
    with_release,
)
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.kubernetes.helm_records import HelmRecord

__all__ = ["Recovery", "is_updating"]

_LOG = logging.getLogger(__name__)


class Recovery:
    """What is mended before and around one update of a stack.

    Where the last update was killed, its lock is removed, what it was making
    is brought into the state, and the Helm releases that it left unfinished
    are finished as failed. That it was killed is noted in a file until an
    update succeeds, so that nothing depends on the first one after it.
    """

    def __init__(
        self,
        stack: Stack,
        local: LocalState | None,
        read: Callable[[], Mapping[str, Any]],
        write: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Take the stack, its state on this machine, and how it is exported and imported."""
        self._stack = stack
        self._read = read
        self._write = write
        self._note = stack.local("interrupted")
        self._taken_over: set[str] = set()
        self._state = local

    def before_update(self) -> bool:
        """Mend what the last update left; return whether a refresh has to find out the rest.

        Raises:
            ConcurrentUpdateError: where another update is running, whose work this is.

        """
        unlocked = [_remove_if_abandoned(lock) for lock in self._locks()]
        if not all(unlocked):
            return False  # the update says who holds the stack
        if unlocked:
            self.remember()
            _LOG.warning("%s: the process of the last update is gone; took its lock", self._stack)
        if self._state and self._was_interrupted:
            remove_cut_off(self._state)
        restored = bool(self._state and restore(self._state))
        if restored:
            self.remember()
        if not self._was_interrupted and self._state and not self._state.tells_of_failure():
            return False
        exported = self._read()
        state: Deployment = exported["deployment"] or {}
        interrupted = has_pending(state) or self._was_interrupted
        unfinished = self._unfinished_releases(state) if interrupted else []
        releases = {record.release for record in unfinished}
        repairs = needs_repair(state, releases)
        if repairs:
            self._write({**exported, "deployment": repaired(state, releases)})
        if interrupted:
            self.remember()
        for record in unfinished:
            record.mark_failed()
        if interrupted:
            _LOG.warning("%s: the last update was interrupted; going on from there", self._stack)
        return repairs or restored

    def after_failure(self, releases: Iterable[Entry]) -> bool:
        """Take over the releases that Helm refused; return whether another update can help."""
        taken_over = [self._take_over(release) for release in releases]
        return any(taken_over)

    def after_success(self) -> None:
        """Forget that an update was interrupted."""
        self._note.unlink(missing_ok=True)

    def remember(self) -> None:
        """Note that an update was killed, until one succeeds."""
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.touch()

    @property
    def _was_interrupted(self) -> bool:
        return self._note.exists()

    def _locks(self) -> list[Path]:
        return self._state.locks() if self._state else []

    def _unfinished_releases(self, state: Deployment) -> list[HelmRecord]:
        records = [self._record(release) for release in sorted(release_ids(state))]
        return [record for record in records if record is not None and record.unfinished]

    def _take_over(self, release: Entry) -> bool:
        identity = release_id(release)
        record = self._record(identity)
        if record is None or identity in self._taken_over:
            return False
        self._taken_over.add(identity)
        finished = self._finish(record, timedelta(seconds=release["inputs"].get("timeout") or 300))
        return self._adopt(release) or finished

    def _finish(self, record: HelmRecord, timeout: timedelta) -> bool:
        if record.is_abandoned(timeout) or (record.unfinished and self._was_interrupted):
            record.mark_failed()
            return True
        return False

    def _adopt(self, release: Entry) -> bool:
        # Whoever else installed it, only an interrupted update of ours makes it ours.
        if not self._was_interrupted:
            return False
        exported = self._read()
        adopted = with_release(exported["deployment"], release)
        if adopted is not None:
            self._write({**exported, "deployment": adopted})
        return adopted is not None

    def _record(self, release: str) -> HelmRecord | None:
        # After a failure alone.
        from sluice.kubernetes.helm_records import newest_record  # noqa: PLC0415

        with suppress(SluiceError):  # the update says better what is wrong with the cluster
            return newest_record(self._stack.cluster(), release)
        return None


def is_updating(stack: Stack) -> bool:
    """Whether an update has locked the stack whose process lives, as far as can be told."""
    state = stack.local_state()
    return any(not _is_abandoned(lock) for lock in (state.locks() if state else ()))


def _remove_if_abandoned(lock: Path) -> bool:
    abandoned = _is_abandoned(lock)
    if abandoned:
        lock.unlink(missing_ok=True)
    return abandoned


def _is_abandoned(lock: Path) -> bool:
    try:
        return _holder_is_gone(json.loads(lock.read_text()))
    except FileNotFoundError:
        return False
    except ValueError:  # killed while it wrote the lock
        return True


def _holder_is_gone(lock: Mapping[str, Any]) -> bool:
    if lock.get("hostname") != socket.gethostname():
        return False
    try:
        holder = psutil.Process(int(lock.get("pid", 0)))
        is_pulumi = holder.name().startswith("pulumi")
        return not is_pulumi or holder.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
