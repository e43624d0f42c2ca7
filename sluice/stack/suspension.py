"""What of a stack is suspended: entries of `stacks/Pulumi.<stack>.yaml`, as Git has them.

Written by a commit that is pushed, so that everybody and the pipeline honour
it; never through the caller's working tree where there is a remote.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import yaml

from components.runtime.suspension import Suspension, parse_suspensions
from sluice.errors import RepositoryError, SuspendedError
from sluice.stack.config_file import with_list
from sluice.stack.repository import Repository

__all__ = ["Suspension", "check_resumable", "left_out", "suspensions", "without"]

Entries = list[Mapping[str, str]]


def suspensions(repository: Repository, stack: str) -> list[Suspension]:
    """Return the stack's entries, in the file's order.

    Raises:
        DeclarationError: naming the file, where an entry is not one.

    """
    entries = repository.setting(stack, "suspended") or []
    where = f"{config_file(stack)}: {_key(repository)}"
    return parse_suspensions(entries, where=where)


def left_out(repository: Repository, stack: str) -> list[Suspension]:
    """Return the suspended components, which an update of the stack leaves out.

    Raises:
        SuspendedError: where the whole stack is suspended.

    """
    entries = suspensions(repository, stack)
    for entry in entries:
        if not entry.component:
            raise SuspendedError(f"stack {stack} is {entry}; run `sluice resume {stack}` first")
    return entries


def without(repository: Repository, stack: str, components: Collection[str]) -> None:
    """Take the components' suspensions, or the whole stack's, out of a checkout's file.

    Raises:
        RepositoryError: where one is not suspended; nothing is written.

    """
    check_resumable(repository, stack, components)
    gone = components or ("",)
    edit_entries(
        repository,
        stack,
        lambda entries: [entry for entry in entries if entry.get("component", "") not in gone],
    )


def check_resumable(
    repository: Repository, stack: str, components: Collection[str]
) -> list[Suspension]:
    """Return the suspensions that resuming these removes.

    Raises:
        RepositoryError: naming what is suspended, where one of them is not.

    """
    found = {entry.component: entry for entry in suspensions(repository, stack)}
    for name in components or ("",):
        if name not in found:
            others = ", ".join(f"sluice resume {stack} {name}".strip() for name in found)
            hint = f"; run {others}" if others else ""
            raise RepositoryError(f"{subject_of(stack, name)} is not suspended{hint}")
    return [found[name] for name in components or ("",)]


def edit_entries(repository: Repository, stack: str, edit: Callable[[Entries], Entries]) -> None:
    file, key = repository.root / config_file(stack), _key(repository)
    text = file.read_bytes().decode()
    entries = edit(_entries(text, key))
    file.write_bytes(with_list(text, key, entries, where=config_file(stack)).encode())


def _entries(text: str, key: str) -> Entries:
    # As text, so that an entry is written again as it was.
    content: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds text alone
    return list(content["config"].get(key) or ())


def config_file(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def _key(repository: Repository) -> str:
    return f"{repository.project}:suspended"


def subject_of(stack: str, component: str) -> str:
    return f"{stack}: {component}" if component else f"stack {stack}"
