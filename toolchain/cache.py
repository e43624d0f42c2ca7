"""The user's cache folder: locked, filled atomically, never half-done.

`<cache>/programs/<name>/<version>/<origin>/` holds a program's files, where
the origin is `release` or the recipe of a Go build; `<cache>/bin/` folders of
links for PATH; `<cache>/build/` what a Go build works in; `<cache>/downloads/`
what is being fetched; `<cache>/locks/` the locks.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["disk_errors", "link_or_copy", "locked", "scratch", "staged"]

_DISK_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn a full, read-only or foreign disk into a `CacheError` that names the folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        where = f" at {error.filename}" if error.filename else ""
        raise CacheError(
            f"cannot write in {folder}: {_DISK_ERRORS[error.errno]}{where};"
            " put that right (XDG_CACHE_HOME moves the cache) and run the same command again"
        ) from error


@contextmanager
def locked(cache: Path, name: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock `name` of the cache; call `waiting` if another process has it.

    The lock is the kernel's, so that it ends with the process, however it ends,
    and with those children that were started with `close_fds=False`: a compiler
    that outlives a killed installer is waited for.
    """
    path = cache / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(f"waiting for another process that is at work on {name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `folder`, all at once, if the block succeeds.

    To be called under the lock that covers `folder`: what an earlier process
    left behind when it was killed is removed first.
    """
    with scratch(folder) as staging:
        yield staging
        staging.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, which is removed afterwards.

    To be called under the lock that covers `folder`: what killed processes left
    is removed first.
    """
    prefix = f".{folder.name}~"
    folder.parent.mkdir(parents=True, exist_ok=True)
    for stale in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Give `source` a second name; copy it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
