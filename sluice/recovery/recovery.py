"""Going on after an update that was killed: its lock, its half-done state, its Helm releases."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from sluice.backend.local_state import LocalState
from sluice.backend.secret_values import Entry
from sluice.recovery.copies import remove_cut_off, restore
from sluice.recovery.journal import Journal
from sluice.recovery.repair import (
    Deployment,
    has_pending,
    needs_repair,
    release_id,
    releases,
    repaired,
    with_begun,
)
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.recovery.release_recovery import ReleaseRecovery

__all__ = ["Recovery", "is_updating"]

_LOG = logging.getLogger(__name__)
_PROVIDER = "pulumi-resource-kubernetes"


class Recovery:
    """What is mended before and around one update of a stack.

    Where the last update was killed, its lock is removed, what of it is still
    running is ended, what it was making is brought into the state, and the Helm
    releases that it left unfinished are made ready for an upgrade. That it was
    killed is noted in a file until an update succeeds, so that nothing depends
    on the first one after it.
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
        self._state = local
        self.journal = Journal.of(local) if local else None

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
        if self._was_interrupted:
            end_orphans(self._stack.repository.root)
        if self._state and self._was_interrupted:
            remove_cut_off(self._state)
        restored = bool(self._state and restore(self._state))
        if restored:
            self.remember()
        quiet = self._state and not self._state.tells_of_failure() and not self._has_journal
        if quiet and not self._was_interrupted:
            return False
        return self._mend_state() or restored

    def _mend_state(self) -> bool:
        """Mend the state and the releases that the last update left; return whether it had to."""
        exported = self._read()
        state: Deployment = exported["deployment"] or {}
        if self.journal:
            state = with_begun(state, self.journal.begun())
        interrupted = has_pending(state) or self._was_interrupted
        if interrupted:
            self.remember()
            _LOG.warning("%s: the last update was interrupted; going on from there", self._stack)
        of_helm = releases(state) if interrupted else []
        left = {
            each["urn"]: found for each in of_helm if (found := self._releases.unfinished(each))
        }
        repairs = needs_repair(state, left)
        if repairs:
            self._write({**exported, "deployment": repaired(state, left)})
        if self.journal:
            self.journal.end()
        if left:
            self._releases.make_ready(left.values())
        return repairs

    def after_update(self, found: Iterable[Entry]) -> bool:
        """Finish or take over the releases that Helm refused or that it has begun and not ended.

        Returns whether another update can help.
        """
        entries = list(found)
        return bool(entries) and self._releases.take_over(entries, self._read, self._write)

    def adopt(self, found: Iterable[tuple[Entry, Sequence[Entry]]]) -> list[str]:
        """Put releases into the state, each with what it hangs on; return those that Helm has."""
        return [
            release_id(release)
            for release, above in found
            if self._releases.adopt(release, above, self._read, self._write)
        ]

    def after_success(self) -> None:
        """Forget that an update was interrupted."""
        if self.journal:
            self.journal.end()
        self._note.unlink(missing_ok=True)

    def remember(self) -> None:
        """Note that an update was killed, until one succeeds."""
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.touch()

    @property
    def _was_interrupted(self) -> bool:
        return self._note.exists()

    @property
    def _has_journal(self) -> bool:
        return self.journal is not None and self.journal.is_there

    def _locks(self) -> list[Path]:
        return self._state.locks() if self._state else []

    @cached_property
    def _releases(self) -> ReleaseRecovery:
        # After a failure alone.
        from sluice.recovery.release_recovery import ReleaseRecovery  # noqa: PLC0415

        return ReleaseRecovery(self._stack)


def is_updating(stack: Stack) -> bool:
    """Whether an update has locked the stack whose process lives, as far as can be told."""
    state = stack.local_state()
    return any(not _is_abandoned(lock) for lock in (state.locks() if state else ()))


def end_orphans(root: Path) -> None:
    """End the providers of a checkout whose Pulumi was killed, and who go on without it.

    What they do is recorded nowhere, and another update would run beside them.
    """
    orphans = [each for each in psutil.process_iter(["name"]) if _is_orphan(each, root)]
    for orphan in orphans:
        with suppress(psutil.NoSuchProcess):
            orphan.kill()
    psutil.wait_procs(orphans)


def _is_orphan(process: psutil.Process, root: Path) -> bool:
    if process.name() != _PROVIDER:
        return False
    try:
        parent = process.parent()
        of_pulumi = parent is not None and parent.name().startswith("pulumi")
        return not of_pulumi and Path(process.cwd()) == root
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


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
