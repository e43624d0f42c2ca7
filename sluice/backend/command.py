"""Running `pulumi`: its output line by line, and why it failed.

As `pulumi.automation` does it, without loading that: it takes a quarter of a
second, which is a tenth of an update.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import tenacity

from sluice.backend.session import cancellable

__all__ = ["CommandError", "ConcurrentUpdateError", "KilledError", "StackNotFoundError", "run"]

_NO_STACK = re.compile(r"no stack named.*found")
_PASSING = re.compile(
    # PostgreSQL lets two that open a new database at once collide, in spite of IF NOT EXISTS.
    r"create table .*\(23505\)"
    # A folder's checkpoint is read while another update writes it.
    r"|failed to load checkpoint: (unexpected )?(EOF|end of JSON input)"
)
_LOCKED = (
    "the stack is currently locked by",
    "[409] Conflict: Another update is currently in progress.",
)


class CommandError(Exception):
    """`pulumi` ended with another exit code than zero; the message is all that it printed."""


class StackNotFoundError(CommandError):
    """The backend has no such stack."""


class ConcurrentUpdateError(CommandError):
    """Another update holds the stack."""


class KilledError(CommandError):
    """Somebody has killed `pulumi`: the system for want of memory, or a person."""


class _PassingError(CommandError):
    """Another command was at the state in the same moment; nothing was done yet."""


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(_PassingError),
    wait=tenacity.wait_random(0.1, 0.5),
    stop=tenacity.stop_after_attempt(3),
    reraise=True,
)
def run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    on_output: Callable[[str], None] | None = None,
) -> str:
    """Run `pulumi` without questions and return what it prints; `on_output` is told each line.

    `environment` is over this process's.

    Raises:
        CommandError: where it fails.
        CancelledError: where this command was asked to end meanwhile.

    """
    printed: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with cancellable(
            ["pulumi", "--non-interactive", *arguments],
            f"pulumi {arguments[0]}",
            signal.SIGINT,
            cwd=folder,
            env={**os.environ, **environment, "PULUMI_AUTOMATION_API": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        ) as process:
            for line in process.stdout or ():
                printed.append(line.rstrip())
                if on_output:
                    on_output(printed[-1])
        if process.returncode:
            errors.seek(0)
            raise _failure(process.returncode, "\n".join(printed), errors.read())
    return "\n".join(printed)


def _failure(code: int, output: str, errors: str) -> CommandError:
    if code < 0:
        return KilledError(
            f"error: pulumi was ended by {signal.Signals(-code).name}, which this command did not "
            "send: often for want of memory; the next run goes on from what is done"
        )
    told = f" code: {code}\n stdout: {output}\n stderr: {errors}"
    if _NO_STACK.search(errors):
        return StackNotFoundError(told)
    if any(words in errors for words in _LOCKED):
        return ConcurrentUpdateError(told)
    if _PASSING.search(errors):
        return _PassingError(told)
    return CommandError(told)
