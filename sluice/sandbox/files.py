"""Files that are either whole or absent, whatever stops the writer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write `content` to `path` by way of a neighbour; an equal file is left alone.

    The file is private to its owner unless `mode` says otherwise: most of what
    the sandbox writes gives access to a cluster.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    neighbour = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(neighbour, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
    neighbour.replace(path)
