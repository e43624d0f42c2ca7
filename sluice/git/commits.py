"""What Git says of a commit beside its name: its files, and what its message ends with."""

from __future__ import annotations

from collections.abc import Iterator

import git

from sluice.errors import RepositoryError
from sluice.git.opening import explained, opened
from sluice.stack.repository import Repository

__all__ = [
    "author",
    "contains",
    "forked_from",
    "head",
    "merged_since",
    "resolved",
    "trailers",
    "tree_of",
]


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


def head(repository: Repository) -> str:
    """Return the newest commit of the branch that is checked out.

    Raises:
        RepositoryError: where it is no Git repository, or has no commit.

    """
    with opened(repository.root) as repo:
        try:
            return str(repo.head.commit.hexsha)
        except ValueError:
            raise RepositoryError(f"{repository.root}: nothing is committed") from None


def resolved(repository: Repository, commit: str) -> str:
    """Return a commit's full name, of what Git takes for one.

    Raises:
        RepositoryError: where there is none.

    """
    with opened(repository.root) as repo:
        try:
            return str(repo.commit(commit).hexsha)
        except (git.BadName, ValueError):
            raise RepositoryError(f"there is no commit {commit!r} here; fetch it first") from None


def forked_from(repository: Repository, branch: str, commit: str) -> str:
    """Return where a commit's history left a branch's, both given in full.

    Raises:
        RepositoryError: where they have none in common.

    """
    with opened(repository.root) as repo:
        try:
            return str(repo.git.merge_base(branch, commit))
        except git.GitCommandError:
            raise RepositoryError(
                f"{commit[:7]} has no history in common with {branch[:7]}; fetch all of it"
            ) from None


def merged_since(repository: Repository, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield what was added to a branch after `old`, newest first, each with what it was added to.

    A merge is one commit: what it merged is not looked into. A branch's first
    commit is left out.

    Raises:
        RepositoryError: where the repository does not have one of the commits.

    """
    with opened(repository.root) as repo, explained(f"{old[:7]}..{new[:7]} cannot be listed"):
        listed = str(repo.git.rev_list("--first-parent", "--parents", f"{old}..{new}"))
    for line in listed.splitlines():
        commit, *parents = line.split()
        if parents:
            yield commit, parents[0]


def author(repository: Repository) -> str:
    """Return who commits here, as `Name <mail>`.

    Raises:
        RepositoryError: where Git does not know it.

    """
    with opened(repository.root) as repo:
        try:
            ident = str(repo.git.var("GIT_AUTHOR_IDENT"))
        except git.GitCommandError:
            raise RepositoryError(
                "Git does not know who you are; run `git config user.name` and "
                "`git config user.email` with your name and address"
            ) from None
    return ident[: ident.rindex(">") + 1]
