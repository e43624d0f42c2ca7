"""What of a stack is suspended: entries of `stacks/Pulumi.<stack>.yaml`, as Git has them.

Written by a commit that is pushed, so that everybody and the pipeline honour
it; never through the caller's working tree where there is a remote.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from components.suspension import Suspension, parse_suspensions
from sluice.errors import NoRemoteError, RepositoryError, SuspendedError
from sluice.repository import Repository
from sluice.stack_file import with_list

__all__ = [
    "Suspension",
    "check_resumable",
    "left_out",
    "resume",
    "suspend",
    "suspensions",
    "without",
]

Entries = list[Mapping[str, str]]


def suspensions(repository: Repository, stack: str) -> list[Suspension]:
    """Return the stack's entries, in the file's order.

    Raises:
        DeclarationError: naming the file, where an entry is not one.

    """
    entries = repository.setting(stack, "suspended") or []
    where = f"{_file(stack)}: {_key(repository)}"
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


def suspend(
    repository: Repository, stack: str, components: Sequence[str], reason: str, *, push: bool = True
) -> str:
    """Suspend the components, or the whole stack where none is named.

    Returns the branch that the commit was pushed to, empty where it was not
    pushed: without a remote, or as asked for, it is on the branch that is
    checked out.

    Raises:
        RepositoryError: where the stack declares no such component, it is
            suspended already, Git knows no author, or the commit cannot be
            made; nothing is changed.

    """
    from sluice.checkout import author  # noqa: PLC0415 - what loads Git is for writing alone

    common = {
        "reason": " ".join(reason.split()),
        "author": author(repository),
        "since": datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    new = [{"component": name, **common} for name in components] or [common]

    def write(root: Path) -> None:
        checkout = Repository(root)
        checkout.chosen((stack,))
        _check_declared(checkout, stack, components)
        already = {entry.component: entry for entry in suspensions(checkout, stack)}
        for name in components or ("",):
            if name in already:
                raise RepositoryError(f"{_subject(stack, name)} is already {already[name]}")
        _write(checkout, stack, lambda entries: [*entries, *new])

    message = f"chore({stack}): suspend {_named(components)}\n\n{common['reason']}"
    return _committed(repository, stack, message, write, push=push)


def resume(
    repository: Repository, stack: str, components: Sequence[str], *, push: bool = True
) -> str:
    """Remove the components' suspensions, or the whole stack's where none is named.

    Returns the branch that the commit was pushed to, as `suspend` does.

    Raises:
        RepositoryError: where one is not suspended, or the commit cannot be
            made; nothing is changed.

    """
    message = f"chore({stack}): resume {_named(components)}"

    def write(root: Path) -> None:
        without(Repository(root), stack, components)

    return _committed(repository, stack, message, write, push=push)


def without(repository: Repository, stack: str, components: Collection[str]) -> None:
    """Take the components' suspensions, or the whole stack's, out of a checkout's file.

    Raises:
        RepositoryError: where one is not suspended; nothing is written.

    """
    check_resumable(repository, stack, components)
    gone = components or ("",)
    _write(
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
            raise RepositoryError(f"{_subject(stack, name)} is not suspended{hint}")
    return [found[name] for name in components or ("",)]


def _check_declared(repository: Repository, stack: str, components: Collection[str]) -> None:
    if not components:
        return
    from components.locked import LockedNames  # noqa: PLC0415
    from sluice.declarations import declaration  # noqa: PLC0415 - runs the program with Pulumi

    made = declaration(repository, stack, LockedNames(repository.root, stack)).components
    known = sorted({component.title for component in made})
    for name in components:
        if name not in known:
            raise RepositoryError(
                f"{stack} declares no component {name!r}; there are: {', '.join(known)}"
            )


def _committed(
    repository: Repository, stack: str, message: str, write: Callable[[Path], None], *, push: bool
) -> str:
    from sluice.checkout import Remote, commit_here  # noqa: PLC0415

    try:
        remote = Remote.of(repository) if push else None
    except NoRemoteError:
        remote = None
    if remote is None:
        commit_here(repository, message, write, _file(stack))
        return ""
    remote.publish(message, write)
    return str(remote)


def _write(repository: Repository, stack: str, edit: Callable[[Entries], Entries]) -> None:
    file, key = repository.root / _file(stack), _key(repository)
    text = file.read_bytes().decode()
    entries = edit(_entries(text, key))
    file.write_bytes(with_list(text, key, entries, where=_file(stack)).encode())


def _entries(text: str, key: str) -> Entries:
    # As text, so that an entry is written again as it was.
    content: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds text alone
    return list(content["config"].get(key) or ())


def _file(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def _key(repository: Repository) -> str:
    return f"{repository.project}:suspended"


def _named(components: Sequence[str]) -> str:
    return ", ".join(components) or "the stack"


def _subject(stack: str, component: str) -> str:
    return f"{stack}: {component}" if component else f"stack {stack}"
