"""Suspended and resumed, by a commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sluice.errors import LockedError, NoRemoteError, RepositoryError
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.suspension import edit_entries, subject_of, without

__all__ = ["await_update", "resume", "suspend"]

_POLL_SECONDS: Final = 0.5


def suspend(stack: Stack, components: Sequence[str], reason: str, *, push: bool = True) -> str:
    """Suspend the components, or the whole stack where none is named.

    Returns the branch that the commit was pushed to, empty where it was not
    pushed: without a remote, or as asked for, it is on the branch that is
    checked out.

    Raises:
        RepositoryError: where the stack declares no such component, it is
            suspended already, Git knows no author, or the commit cannot be
            made; nothing is changed.

    """
    from sluice.git.commits import author  # noqa: PLC0415 - what loads Git is for writing alone

    common = {
        "reason": " ".join(reason.split()),
        "author": author(stack.repository),
        "since": datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    new = [{"component": name, **common} for name in components] or [common]

    def write(root: Path) -> None:
        there = Repository(root).stack(stack.name)
        _check_declared(there, components)
        already = {entry.component: entry for entry in there.suspensions()}
        for name in components or ("",):
            if name in already:
                raise RepositoryError(f"{subject_of(there, name)} is already {already[name]}")
        edit_entries(there, lambda entries: [*entries, *new])

    message = f"chore({stack}): suspend {_named(components)}\n\n{common['reason']}"
    return _committed(stack, message, write, push=push)


def resume(stack: Stack, components: Sequence[str], *, push: bool = True) -> str:
    """Remove the components' suspensions, or the whole stack's where none is named.

    Returns the branch that the commit was pushed to, as `suspend` does.

    Raises:
        RepositoryError: where one is not suspended, or the commit cannot be
            made; nothing is changed.

    """
    message = f"chore({stack}): resume {_named(components)}"

    def write(root: Path) -> None:
        without(stack.at(Repository(root)), components)

    return _committed(stack, message, write, push=push)


def await_update(stack: Stack, wait: timedelta) -> bool:
    """Wait for an update of the stack on this machine, which knows nothing of a suspension yet.

    Returns whether there was one.

    Raises:
        LockedError: where it runs on after `wait`.

    """
    from sluice.recovery.recovery import is_updating  # noqa: PLC0415 - what waits is for writing alone
    from sluice.stack.process_lock import held  # noqa: PLC0415 - the same

    begun = time.monotonic()
    try:
        with held(stack, "suspend", wait=wait):
            while is_updating(stack) and time.monotonic() - begun < wait.total_seconds():
                time.sleep(_POLL_SECONDS)
    except LockedError as error:
        raise LockedError(f"{error}. It is suspended, from the next update on") from error
    if is_updating(stack):
        raise LockedError(
            f"{stack}: a plain `pulumi` still updates it. It is suspended, from the next update on"
        )
    return time.monotonic() - begun > _POLL_SECONDS


def _check_declared(stack: Stack, components: Collection[str]) -> None:
    if not components:
        return
    from components.runtime.answers import LockedNames  # noqa: PLC0415
    from sluice.declaration.program import declaration  # noqa: PLC0415 - runs the program with Pulumi

    made = declaration(stack, LockedNames(stack.repository.root, stack.name)).components
    known = sorted({component.title for component in made})
    for name in components:
        if name not in known:
            raise RepositoryError(
                f"{stack} declares no component {name!r}; there are: {', '.join(known)}"
            )


def _committed(stack: Stack, message: str, write: Callable[[Path], None], *, push: bool) -> str:
    from sluice.git.remote import Remote  # noqa: PLC0415
    from sluice.git.working_tree import commit_here  # noqa: PLC0415

    try:
        remote = Remote.of(stack.repository) if push else None
    except NoRemoteError:
        remote = None
    if remote is None:
        commit_here(stack.repository, message, write, stack.settings().file)
        return ""
    remote.publish(message, write)
    return str(remote)


def _named(components: Sequence[str]) -> str:
    return ", ".join(components) or "the stack"
