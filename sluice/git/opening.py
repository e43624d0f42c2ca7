"""A repository opened, with Git's refusals as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import git

from sluice.errors import RepositoryError

__all__ = ["opened"]


_CREDENTIALS = re.compile(r"//[^/@\s]+@")


@contextmanager
def opened(root: Path) -> Iterator[git.Repo]:
    """Give the Git repository that a folder lies in.

    Raises:
        RepositoryError: where it lies in none.

    """
    try:
        repo = git.Repo(root, search_parent_directories=True)
    except git.InvalidGitRepositoryError:
        raise RepositoryError(f"{root} is not in a Git repository; run `git init`") from None
    with repo:
        yield repo


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what Git refuses into a RepositoryError that says what could not be done, and why."""
    try:
        yield
    except git.GitCommandError as error:
        raise RepositoryError(f"{what}: {rejection(error)}") from error


def rejection(error: git.GitCommandError) -> str:
    """Return Git's own reason as one line, without a password of an address."""
    text = _CREDENTIALS.sub("//", str(error.stderr or error.stdout or error))
    text = text.strip().removeprefix("stderr:").strip().strip("'")
    return " ".join(text.split())
