"""Files that are either whole or absent, whatever stops the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.artifacts import atomic_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write `content` to `path` in one step; an equal file is left alone.

    The file is private to its owner unless `mode` says otherwise: most of what
    the sandbox writes gives access to a cluster.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data:
        return
    atomic_file.write(path, data, mode)
