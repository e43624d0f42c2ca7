"""Files that are either whole or not there, whenever the writer is stopped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

from components.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write", "write_if_changed"]


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put `content` at `path` in one step, making its folder where it is missing.

    Who may read it says `mode`, as far as the umask allows.

    Of several writers at once the last one wins, and no reader sees a part.
    Raises ArtifactError (full disk, no permission) with the old file untouched.
    """
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_durably(draft, content, mode)
        draft.replace(path)
    except OSError as error:
        raise ArtifactError(
            f"{path} cannot be written: {error.strerror}; make room or allow it, and run again.",
        ) from error
    finally:
        _remove(draft)


def write_if_changed(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write `content` to `path` in one step; an equal file is left alone.

    The file is private to its owner unless `mode` says otherwise: most of what
    the sandbox writes gives access to a cluster.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data:
        return
    write(path, data, mode)


def _write_durably(path: Path, content: bytes, mode: int) -> None:
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(draft: Path) -> None:
    try:
        draft.unlink(missing_ok=True)
    except OSError:
        return  # it was never made: its folder is a file, or cannot be entered
