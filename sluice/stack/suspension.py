"""What of a stack is suspended: entries of `stacks/Pulumi.<stack>.yaml`, as Git has them.

Written by a commit that is pushed, so that everybody and the pipeline honour
it; never through the caller's working tree where there is a remote.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import yaml

from components.runtime.suspension import Suspension
from sluice.errors import RepositoryError, SuspendedError
from sluice.stack.config_file import with_list
from sluice.stack.stack import Stack

__all__ = ["Suspension", "check_resumable", "edit_entries", "left_out", "subject_of", "without"]

Entries = list[Mapping[str, str]]


def left_out(stack: Stack) -> list[Suspension]:
    """Return the suspended components, which an update of the stack leaves out.

    Raises:
        SuspendedError: where the whole stack is suspended.

    """
    entries = stack.suspensions()
    for entry in entries:
        if not entry.component:
            raise SuspendedError(f"stack {stack} is {entry}; run `sluice resume {stack}` first")
    return entries


def without(stack: Stack, components: Collection[str]) -> None:
    """Take the components' suspensions, or the whole stack's, out of a checkout's file.

    Raises:
        RepositoryError: where one is not suspended; nothing is written.

    """
    check_resumable(stack, components)
    gone = components or ("",)
    edit_entries(
        stack,
        lambda entries: [entry for entry in entries if entry.get("component", "") not in gone],
    )


def check_resumable(stack: Stack, components: Collection[str]) -> list[Suspension]:
    """Return the suspensions that resuming these removes.

    Raises:
        RepositoryError: naming what is suspended, where one of them is not.

    """
    found = {entry.component: entry for entry in stack.suspensions()}
    for name in components or ("",):
        if name not in found:
            others = ", ".join(f"sluice resume {stack} {name}".strip() for name in found)
            hint = f"; run {others}" if others else ""
            raise RepositoryError(f"{subject_of(stack, name)} is not suspended{hint}")
    return [found[name] for name in components or ("",)]


def edit_entries(stack: Stack, edit: Callable[[Entries], Entries]) -> None:
    """Write a checkout's entries otherwise; every other byte of the file is kept."""
    settings, file = stack.settings(), stack.config_file
    key = f"{settings.project}:suspended"
    text = file.read_bytes().decode()
    file.write_bytes(with_list(text, key, edit(_entries(text, key)), where=settings.file).encode())


def _entries(text: str, key: str) -> Entries:
    # As text, so that an entry is written again as it was.
    content: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds text alone
    return list(content["config"].get(key) or ())


def subject_of(stack: Stack, component: str) -> str:
    """Return what is suspended: `dev: redis`, `stack dev`."""
    return f"{stack}: {component}" if component else f"stack {stack}"
