"""Programs that run in a session of their own, of which nothing outlives this command.

So a terminal's signals reach this command alone, which passes them on once, and
whatever a program has started is found, whoever is its parent by now.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from sluice.backend.cancellation import running
from sluice.backend.guard import end_session
from sluice.errors import CancelledError

__all__ = ["cancellable", "contained", "run"]

_GUARD: Final = Path(__file__).with_name("guard.py")
# Of a graceful end: Pulumi waits for what is under way.
_GRACE_SECONDS: Final = 60.0
_AT_ONCE_SECONDS: Final = 2.0
_TELLING: Final = threading.Lock()
Process = subprocess.Popen[str]


@contextmanager
def contained(command: Sequence[str | Path], **options: Any) -> Iterator[Process]:
    """Start a program; all that is left of it at the block's end is killed, or when this is."""
    with subprocess.Popen(command, start_new_session=True, text=True, **options) as process:
        _tell_guard(f"+{process.pid}")
        try:
            yield process
        finally:
            end_session(process.pid)
            _tell_guard(f"-{process.pid}")


@contextmanager
def cancellable(
    command: Sequence[str | Path], what: str, asking: int, **options: Any
) -> Iterator[Process]:
    """Start a program that is asked to end, by the signal `asking`, where this command is.

    The block is to read on until the program has ended; `what` it does is said meanwhile.

    Raises:
        CancelledError: at its end, where it was asked.

    """
    with contained(command, **options) as process:
        asked = _Asked(process, what, asking)
        running.append(asked)
        try:
            yield process
            process.wait()
        finally:
            running.remove(asked)
            asked.leave()
        if asked.by:
            raise CancelledError(asked.by)


def run(command: Sequence[str | Path], what: str, **options: Any) -> tuple[int, str, str]:
    """Run a program; return its exit code and what it has printed.

    Raises:
        CancelledError: where this command was asked to end meanwhile.

    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with cancellable(command, what, signal.SIGTERM, **pipes, **options) as process:
        output, errors = process.communicate()
    return process.returncode, output, errors


class _Asked:
    """A program that can be asked to end: gently, then at once."""

    def __init__(self, process: Process, what: str, asking: int) -> None:
        self.by = 0
        self._process = process
        self._what = what
        self._asking = asking
        self._timer: threading.Timer | None = None

    def cancel(self, number: int) -> None:
        """Ask it, and end it where it takes too long; a second time there is little patience."""
        seconds = _AT_ONCE_SECONDS if self.by else _GRACE_SECONDS
        if not self.by:
            _say(
                f"{self._what}: {signal.Signals(number).name}: what is under way is ended first, "
                f"for {seconds:.0f} s at most; once more ends it at once"
            )
        self.by = number
        with suppress(ProcessLookupError):
            self._process.send_signal(self._asking)
        self.leave()
        self._timer = threading.Timer(seconds, end_session, (self._process.pid,))
        self._timer.daemon = True
        self._timer.start()

    def leave(self) -> None:
        """Do no more to it."""
        if self._timer:
            self._timer.cancel()


def _say(sentence: str) -> None:
    # In the middle of anything, such as of a line that is being printed.
    os.write(2, f"{sentence}\n".encode())


@cache
def _guard() -> Process:
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", _GUARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    atexit.register(guard.communicate)  # which ends it
    return guard


def _tell_guard(line: str) -> None:
    with _TELLING, suppress(BrokenPipeError):  # killed with the rest of this command
        guard = _guard()
        if guard.stdin:
            guard.stdin.write(f"{line}\n")
            guard.stdin.flush()
