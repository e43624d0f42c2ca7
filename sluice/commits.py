"""What Git says of a commit beside its name: its files, and what its message ends with."""

from __future__ import annotations

import git

from sluice.checkout import opened
from sluice.errors import RepositoryError
from sluice.repository import Repository

__all__ = ["contains", "trailers", "tree_of"]


def contains(repository: Repository, commit: str, earlier: str) -> bool | None:
    """Whether a commit has another among those before it, or is it; None for an unknown one."""
    with opened(repository.root) as repo:
        try:
            repo.git.merge_base("--is-ancestor", earlier, commit)
        except git.GitCommandError as error:
            return False if error.status == 1 else None
        return True


def tree_of(repository: Repository, commit: str) -> str:
    """Return Git's name of all files of a commit: the same where the files are the same.

    Raises:
        RepositoryError: where there is no such commit.

    """
    with opened(repository.root) as repo:
        try:
            return str(repo.git.rev_parse("--verify", "--quiet", f"{commit}^{{tree}}"))
        except git.GitCommandError:
            raise RepositoryError(f"there is no commit {commit!r} here; fetch it first") from None


def trailers(repository: Repository, commit: str, key: str) -> list[str]:
    """Return the values of a trailer, `key: value`, at the end of a commit's message."""
    with opened(repository.root) as repo:
        form = f"--format=%(trailers:key={key},valueonly)"
        return str(repo.git.show("--no-patch", form, commit)).split("\n")
