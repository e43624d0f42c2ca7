"""The next lock of each stack: what is declared as a range or a policy, resolved anew."""

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
from components.runtime.answers import Unlocked
from sluice.declaration.program import declaration
from sluice.declaration.records import Declaration
from sluice.locks.look_ups import look_ups_of, remote_images
from sluice.locks.origin import Labels
from sluice.stack.stack import Stack

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


def requests(stack: Stack) -> list[Request[Any]]:
    """Return what a stack's program asks its lock for, in the order of the program."""
    return unlocked_declaration(stack)[1]


def unlocked_declaration(
    stack: Stack, *, in_clear: bool = True
) -> tuple[Declaration, list[Request[Any]]]:
    """Return what a stack declares whatever its lock says, and what it asks that for.

    The secrets of its configuration are decrypted for it where they are wanted `in_clear`.
    """
    unlocked = Unlocked()
    wanted = in_clear and stack.settings().has_secrets
    settings = stack.pulumi().secret_settings() if wanted else {}
    return declaration(stack, unlocked, config=settings), unlocked.requests


def next_locks(stacks: Iterable[Stack], upgrade: Collection[str] | None = ()) -> list[NextLock]:
    """Return the stacks' next locks; nothing is written.

    What is missing or does not fit is resolved. Each name in `upgrade` gets
    the newest allowed, as `resolve` has it, in each stack that has it; with
    None everything does.

    Raises:
        DeclarationError: where a program is wrong, or no stack has a name.
        ArtifactError: for what cannot be had.

    """
    asked = {stack: _asked(stack, upgrade) for stack in stacks}
    known = {name for each in asked.values() for name in names(each)}
    unknown = sorted(set(upgrade or ()) - known)
    if unknown:
        listed = ", ".join(sorted(name for name in known if "/" in name))
        raise DeclarationError(f"nothing is locked for {unknown[0]!r}; there are: {listed}")
    return [
        _next_lock(stack, each, known if upgrade is None else upgrade)
        for stack, each in asked.items()
    ]


def next_images(
    stack: Stack, asked: Iterable[ImageRequest], before: Lock
) -> Mapping[str, LockedImage]:
    """Return the newest allowed image of each request, by name, stamped as the lock has it.

    Raises:
        ArtifactError: for what cannot be had.

    """
    asked = list(asked)
    look_ups = look_ups_of(stack.repository.root, stack.mirrors())
    upgraded = [request.name for request in asked]
    return resolve(asked, before, look_ups, datetime.now(tz=UTC).date(), upgraded).images


def image_labels(stack: Stack) -> Labels:
    """Return what reads the labels of images that a stack's policies select.

    An image that cannot be read has none: they only say more of it.
    """
    images = remote_images(stack)

    @cache
    def sources() -> Mapping[str, ImageSource]:
        asked = (each for each in requests(stack) if isinstance(each, ImageRequest))
        return {each.name: each.source for each in asked}

    def labels(image: LockedImage) -> Mapping[str, str]:
        try:
            return images.labels(sources()[image.name], image.digest or image.tag)
        except ArtifactError:
            return {}

    return labels


def _asked(stack: Stack, upgrade: Collection[str] | None) -> list[Request[Any]]:
    """Return a stack's requests; its secrets are read only where something is looked up.

    So a job that has no passphrase can tell whether a lock fits.
    """
    if upgrade is not None and not upgrade and stack.settings().has_secrets:
        _, asked = unlocked_declaration(stack, in_clear=False)
        lock = stack.lock()
        if all(lock.fits(request) for request in asked):
            return asked
    return requests(stack)


def _next_lock(stack: Stack, asked: list[Request[Any]], upgrade: Collection[str]) -> NextLock:
    file = stack.lock_file
    before = Lock.load(file)
    look_ups = look_ups_of(stack.repository.root, stack.mirrors())
    after = resolve(asked, before, look_ups, datetime.now(tz=UTC).date(), upgrade)
    return NextLock(stack.name, file, before, after)
