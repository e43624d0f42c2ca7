"""What the stacks leave open, and the locks that answer it next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from components.errors import ArtifactError, DeclarationError
from components.lib.locks.image_source import ImageSource
from components.lib.locks.lock import Lock
from components.lib.locks.lock_entry import Request
from components.lib.locks.locked_image import ImageRequest, LockedImage
from components.lib.locks.resolution import Change, changes, names, resolve
from components.runtime.answers import Unlocked, lock_file
from sluice.declaration.program import declaration
from sluice.declaration.records import Declaration
from sluice.engine.engine import Engine
from sluice.locks.look_ups import look_ups_of, mirrors_of, remote_images
from sluice.locks.origin import Labels
from sluice.stack.repository import Repository
from sluice.stack.stack import has_secrets

__all__ = [
    "NextLock",
    "image_labels",
    "next_images",
    "next_locks",
    "requests",
    "unlocked_declaration",
]


@dataclass(frozen=True)
class NextLock:
    """A stack's lock as it is and as it would be.

    Attributes:
        stack: the stack.
        file: its lock file.
        before: what the file holds.
        after: what it would hold.

    """

    stack: str
    file: Path
    before: Lock
    after: Lock

    @property
    def changes(self) -> list[Change]:
        """What differs, sorted by section and name."""
        return changes(self.before, self.after)

    def save(self) -> None:
        """Write the file; raises ArtifactError where that fails."""
        self.after.save(self.file)


def requests(repository: Repository, stack: str) -> list[Request[Any]]:
    """Return what a stack's program asks its lock for, in the order of the program."""
    return unlocked_declaration(repository, stack)[1]


def unlocked_declaration(
    repository: Repository, stack: str, *, in_clear: bool = True
) -> tuple[Declaration, list[Request[Any]]]:
    """Return what a stack declares whatever its lock says, and what it asks that for.

    The secrets of its configuration are decrypted for it where they are wanted `in_clear`.
    """
    unlocked = Unlocked()
    wanted = in_clear and has_secrets(repository, stack)
    settings = Engine(repository, stack).secret_settings() if wanted else {}
    return declaration(repository, stack, unlocked, config=settings), unlocked.requests


def next_locks(
    repository: Repository, stacks: Iterable[str], upgrade: Collection[str] | None = ()
) -> list[NextLock]:
    """Return the stacks' next locks; nothing is written.

    What is missing or does not fit is resolved. Each name in `upgrade` gets
    the newest allowed, as `resolve` has it, in each stack that has it; with
    None everything does.

    Raises:
        DeclarationError: where a program is wrong, or no stack has a name.
        ArtifactError: for what cannot be had.

    """
    asked = {stack: _asked(repository, stack, upgrade) for stack in stacks}
    known = {name for each in asked.values() for name in names(each)}
    unknown = sorted(set(upgrade or ()) - known)
    if unknown:
        listed = ", ".join(sorted(name for name in known if "/" in name))
        raise DeclarationError(f"nothing is locked for {unknown[0]!r}; there are: {listed}")
    return [
        _next_lock(repository, stack, each, known if upgrade is None else upgrade)
        for stack, each in asked.items()
    ]


def next_images(
    repository: Repository, stack: str, asked: Iterable[ImageRequest], before: Lock
) -> Mapping[str, LockedImage]:
    """Return the newest allowed image of each request, by name, stamped as the lock has it.

    Raises:
        ArtifactError: for what cannot be had.

    """
    asked = list(asked)
    look_ups = look_ups_of(repository.root, mirrors_of(repository, stack))
    upgraded = [request.name for request in asked]
    return resolve(asked, before, look_ups, datetime.now(tz=UTC).date(), upgraded).images


def image_labels(repository: Repository, stack: str) -> Labels:
    """Return what reads the labels of images that a stack's policies select.

    An image that cannot be read has none: they only say more of it.
    """
    images = remote_images(repository, stack)

    @cache
    def sources() -> Mapping[str, ImageSource]:
        asked = (each for each in requests(repository, stack) if isinstance(each, ImageRequest))
        return {each.name: each.source for each in asked}

    def labels(image: LockedImage) -> Mapping[str, str]:
        try:
            return images.labels(sources()[image.name], image.digest or image.tag)
        except ArtifactError:
            return {}

    return labels


def _asked(
    repository: Repository, stack: str, upgrade: Collection[str] | None
) -> list[Request[Any]]:
    """Return a stack's requests; its secrets are read only where something is looked up.

    So a job that has no passphrase can tell whether a lock fits.
    """
    if upgrade is not None and not upgrade and has_secrets(repository, stack):
        _, asked = unlocked_declaration(repository, stack, in_clear=False)
        lock = Lock.load(lock_file(repository.root, stack))
        if all(lock.fits(request) for request in asked):
            return asked
    return requests(repository, stack)


def _next_lock(
    repository: Repository, stack: str, asked: list[Request[Any]], upgrade: Collection[str]
) -> NextLock:
    file = lock_file(repository.root, stack)
    before = Lock.load(file)
    look_ups = look_ups_of(repository.root, mirrors_of(repository, stack))
    after = resolve(asked, before, look_ups, datetime.now(tz=UTC).date(), upgrade)
    return NextLock(stack, file, before, after)
