"""A repository as it would be with some files written otherwise, to see that it declares."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sluice.stack.repository import Repository

__all__ = ["diff", "edited_copy"]

_STACKS = "stacks"


@contextmanager
def edited_copy(repository: Repository, files: Mapping[str, str]) -> Iterator[Repository]:
    """Give a copy of the repository in which these files of `stacks/` have another text.

    What is not in `stacks/` is shared with the repository.
    """
    with tempfile.TemporaryDirectory(prefix="sluice-edited-") as temporary:
        root = Path(temporary).resolve()
        for part in repository.root.iterdir():
            if part.name == _STACKS:
                shutil.copytree(part, root / _STACKS)
            else:
                (root / part.name).symlink_to(part)
        for name, text in files.items():
            (root / name).write_text(text, encoding="utf-8")
        yield Repository(root)


def diff(repository: Repository, files: Mapping[str, str]) -> str:
    """Return what writing these files would change, as a unified diff."""
    return "".join(
        line
        for name, text in files.items()
        for line in difflib.unified_diff(
            (repository.root / name).read_text(encoding="utf-8").splitlines(keepends=True),
            text.splitlines(keepends=True),
            fromfile=f"a/{name}",
            tofile=f"b/{name}",
        )
    )
