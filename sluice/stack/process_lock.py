"""One run of `sluice` at a time on a stack: an atomic lock, in front of Pulumi's.

Pulumi's own lock in a folder is a file that is listed, written and listed
again, so of two starters both may give up, and it never expires. This one is
the kernel's: exactly one holds it, and a dead process holds nothing.
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from sluice.errors import LockedError
from sluice.stack.stack import Stack

__all__ = ["WAIT", "held"]

WAIT: Final = timedelta(minutes=5)
_POLL_SECONDS = 0.2
_TOLD_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


@contextmanager
def held(stack: Stack, what: str, *, wait: timedelta = WAIT) -> Iterator[None]:
    """Hold a stack's lock; it is this process's alone, which may take it again.

    `what` tells those who wait what it is held for, such as `reconcile`.

    Raises:
        LockedError: where another process still holds it after `wait`, naming that one.

    """
    file, note = stack.local("locks", ".lock"), stack.local("locks", ".json")
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file, is_singleton=True)
    _acquire(lock, note, stack.name, wait)
    try:
        if lock.lock_counter == 1:
            note.write_text(json.dumps(_holder(what)))
        yield
    finally:
        if lock.lock_counter == 1:
            note.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, note: Path, stack: str, wait: timedelta) -> None:
    started = time.monotonic()
    try:
        lock.acquire(blocking=False)
    except Timeout:
        while True:
            waited = time.monotonic() - started
            left = wait.total_seconds() - waited
            if left <= 0:
                raise LockedError(
                    f"{stack}: held by {_shown(note)}; waited {waited:.0f} s; try again when it "
                    "has ended, or wait longer with --wait"
                ) from None
            _LOG.warning("%s: waiting for %s", stack, _shown(note))
            with suppress(Timeout):
                lock.acquire(timeout=min(left, _TOLD_SECONDS), poll_interval=_POLL_SECONDS)
                return


def _holder(what: str) -> Mapping[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "user": getpass.getuser(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "what": what,
    }


def _shown(note: Path) -> str:
    try:
        holder = json.loads(note.read_text())
        since = datetime.fromisoformat(holder["since"])
        # Said to people only: a clock may have been set back since.
        ago = max((datetime.now(UTC) - since).total_seconds(), 0)
        return (
            f"{holder['what']} of {holder['user']}@{holder['host']} (process {holder['pid']}) "
            f"since {since:%H:%M:%S %Z}, {ago:.0f} s ago"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
