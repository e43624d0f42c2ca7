"""What two checkouts declare for a stack, each read by a process of its own.

A process has one `stacks` and one `components`; those of two commits need two.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from sluice.errors import RollbackError
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["declared_otherwise", "print_declared"]

# Other commits' checkouts have it by this name.
_DOOR: Final = "sluice.declared_apart"


def declared_otherwise(before: Stack, after: Stack) -> list[str]:
    """Return the objects that `after` declares otherwise than `before`, by their titles.

    Values of secrets are not compared. Empty where `before` declares nothing
    that can be read.

    Raises:
        RollbackError: where the stack's program works in `before` and fails in `after`.

    """
    running = [_start(stack) for stack in (before, after)]
    (old, _), (new, problem) = [_ended(process) for process in running]
    if old is None:
        return []
    if new is None:
        raise RollbackError(
            f"with the earlier files stack {after} could be deployed no more: {problem}; "
            "--own-files leaves the files alone that it shares"
        )
    return [title for title in sorted({*old, *new}) if old.get(title) != new.get(title)]


def _start(stack: Stack) -> subprocess.Popen[str]:
    # In that folder, so that its modules come before this checkout's.
    return subprocess.Popen(
        [sys.executable, "-m", _DOOR, stack.name],
        cwd=stack.repository.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> tuple[dict[str, Any] | None, str]:
    output, errors = process.communicate()
    if process.returncode:
        return None, (errors.strip().splitlines() or ["it says nothing"])[-1]
    declared: dict[str, Any] = json.loads(output)
    return declared, ""


def print_declared(stack: str) -> None:
    """Print what the checkout that this process runs in declares, as JSON by title."""
    from components.runtime.answers import LockedNames  # noqa: PLC0415 - those of the checkout
    from sluice.declaration.program import declared  # noqa: PLC0415 - the same

    here = Path.cwd()
    resources = declared(Stack(Repository(here), stack), LockedNames(here, stack))
    objects = {
        resource.title: resource.inputs
        for resource in resources
        if not resource.type.startswith("pulumi:providers:")
    }
    json.dump(objects, sys.stdout)
