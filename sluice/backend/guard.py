"""Ends what a command has started where the command is killed, which it cannot do itself.

It is run by file, as a process beside the command: it reads the numbers of the
sessions that begin (`+123`) and end (`-123`), and, when the command is gone, ends
all processes of those that are left. It uses nothing of Sluice.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

__all__ = ["end_session"]


def end_session(session: int) -> None:
    """Kill each process of a session, and those that they start meanwhile."""
    killed: set[int] = set()
    while found := {each for each in _processes() if _session_of(each) == session} - killed:
        for each in found:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        killed |= found  # and stay until their parents have asked what became of them


def _processes() -> Iterator[int]:
    try:
        names = [entry.name for entry in os.scandir("/proc")]
    except FileNotFoundError:
        command = ["/bin/ps", "-axo", "pid="]
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return (int(name) for name in names if name.isdigit())


def _session_of(process: int) -> int:
    try:
        return os.getsid(process)
    except (ProcessLookupError, PermissionError):
        return 0


def main() -> None:
    """Wait for the end of the command, which holds the other end of the input."""
    sessions: set[int] = set()
    for line in sys.stdin:
        (sessions.add if line[0] == "+" else sessions.discard)(int(line[1:]))
    for session in sessions:
        end_session(session)


if __name__ == "__main__":
    main()
