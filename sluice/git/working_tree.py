"""The caller's working tree: what is changed in it, and committing from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import git

from sluice.errors import RepositoryError
from sluice.git.opening import explained, opened
from sluice.stack.repository import Repository

__all__ = ["check_clean", "commit_here"]


def files(repository: Repository, path: str) -> list[str]:
    """Return the files below a path from the root, without those that Git ignores.

    Raises:
        RepositoryError: where it is no Git repository, or with Git's reason.

    """
    with opened(repository.root), explained(f"{path} cannot be listed"):
        listed = git.Git(str(repository.root)).ls_files(
            "-z", "--cached", "--others", "--exclude-standard", "--", f":(literal){path}"
        )
    return sorted({name for name in str(listed).split("\0") if name})


def check_clean(repository: Repository, file: str) -> None:
    """Refuse a file whose changes are not committed.

    Raises:
        RepositoryError: naming the file.

    """
    with opened(repository.root) as repo:
        if repo.git.status("--porcelain", "--", str(repository.root / file)):
            raise RepositoryError(f"{file} has changes that are not committed; commit them first")


def commit_here(
    repository: Repository, message: str, edit: Callable[[Path], None], file: str
) -> None:
    """Commit what `edit` does to one file on the branch that is checked out, and push nothing.

    Raises:
        RepositoryError: where the file has changes already, or with Git's
            reason; the file is as it was then.

    """
    with opened(repository.root) as repo:
        path = repository.root / file
        check_clean(repository, file)
        before = path.read_bytes()
        edit(repository.root)
        try:
            with explained("the commit cannot be made"):
                repo.git.commit("--only", "--message", message, "--", str(path))
        except RepositoryError:
            path.write_bytes(before)
            raise
