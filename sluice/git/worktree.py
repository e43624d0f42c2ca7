"""A commit checked out beside the caller's tree, and removed after use."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import git
from filelock import FileLock, Timeout

from sluice.git.opening import explained, opened
from sluice.stack.repository import Checkout, Repository

__all__ = ["checked_out"]


_LINKED = (".venv", ".sluice")


@contextmanager
def checked_out(
    repository: Repository, commit: str, *, linked: Collection[str] = _LINKED
) -> Iterator[Checkout]:
    """Give a clean checkout of a commit, which is gone afterwards.

    It lies below `.sluice/worktrees`, and shares what is `linked`: by default
    this checkout's virtual environment and local state.

    Raises:
        RepositoryError: where the repository does not have the commit.

    """
    folder = repository.local.resolve() / "worktrees"
    folder.mkdir(parents=True, exist_ok=True)
    with opened(repository.root) as repo:
        with _worktrees_of(repo):
            _remove_abandoned(repo, folder)
            root = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=folder))
            used = _use_of(root)
            used.acquire()
        try:
            with _worktrees_of(repo), explained(f"commit {commit} cannot be checked out"):
                repo.git.worktree("add", "--detach", "--force", str(root), commit)
            top = Path(str(repo.working_tree_dir)).resolve()
            below = repository.root.resolve().relative_to(top)
            checkout = Checkout(root / below, str(git.Git(str(root)).rev_parse("HEAD")))
            for name in linked:
                _link(repository.root.resolve() / name, checkout.root / name)
            yield checkout
        finally:
            with _worktrees_of(repo):
                _remove(repo, root)
            used.release()


def _link(source: Path, target: Path) -> None:
    if source.exists() and target.parent.is_dir():
        target.symlink_to(source.resolve())


def _worktrees_of(repo: git.Repo) -> FileLock:
    """Return the lock on a repository's worktrees: Git trips over one that is half made."""
    return FileLock(Path(repo.common_dir) / "sluice-worktrees.lock")


def _use_of(root: Path) -> FileLock:
    """Return the lock on one worktree, which the kernel takes from a process that has ended.

    A number of a process says nothing: in a container, each run may have the same.
    """
    return FileLock(root.with_name(f"{root.name}.lock"))


def _remove_abandoned(repo: git.Repo, folder: Path) -> None:
    for name in {left.name.removesuffix(".lock") for left in folder.iterdir()}:
        used = _use_of(folder / name)
        with suppress(Timeout), used.acquire(blocking=False):
            _remove(repo, folder / name)


def _remove(repo: git.Repo, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    # Git keeps what it was adding when it was killed.
    (Path(repo.common_dir) / "worktrees" / root.name / "locked").unlink(missing_ok=True)
    with suppress(git.GitCommandError):
        repo.git.worktree("prune")
    Path(_use_of(root).lock_file).unlink(missing_ok=True)
