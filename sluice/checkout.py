"""Git, never in the caller's working tree: the newest commit, clean checkouts, commits pushed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import git
import psutil
from filelock import FileLock

from sluice.committer import AS_CONFIGURED, Committer
from sluice.errors import NoRemoteError, RepositoryError
from sluice.repository import Repository

__all__ = [
    "Remote",
    "author",
    "check_clean",
    "checked_out",
    "commit_here",
    "forked_from",
    "head",
    "merged_since",
    "opened",
    "resolved",
]

_ATTEMPTS = 5
_LINKED = (".venv", ".sluice")
_CREDENTIALS = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True)
class Remote:
    """The branch that the stacks follow, where everybody's commits meet.

    Attributes:
        repository: the checkout.
        name: the remote's name, such as `origin`.
        branch: the branch's name there.

    """

    repository: Repository
    name: str
    branch: str

    @classmethod
    def of(cls, repository: Repository) -> Remote:
        """Return the upstream of the branch that is checked out, else the same branch of `origin`.

        Raises:
            NoRemoteError: where the repository has no remote.
            RepositoryError: where it is no Git repository, or no branch is checked out.

        """
        with opened(repository.root) as repo:
            if repo.head.is_detached:
                raise RepositoryError(
                    f"{repository.root}: no branch is checked out; run `git switch` to the branch "
                    "that the stacks follow"
                )
            upstream = repo.active_branch.tracking_branch()
            if upstream is not None:
                return cls(repository, upstream.remote_name, upstream.remote_head)
            names = [remote.name for remote in repo.remotes]
            if not names:
                raise NoRemoteError(f"{repository.root}: the repository has no remote")
            name = "origin" if "origin" in names else names[0]
            return cls(repository, name, repo.active_branch.name)

    def fetch(self) -> str:
        """Return the branch's newest commit, fetched.

        Raises:
            RepositoryError: with Git's reason.

        """
        target = f"refs/remotes/{self.name}/{self.branch}"
        with opened(self.repository.root) as repo:
            with _explained(f"{self} cannot be fetched"):
                repo.git.fetch(self.name, f"+refs/heads/{self.branch}:{target}")
            return str(repo.commit(target).hexsha)

    def publish(
        self,
        message: str | Callable[[], str],
        edit: Callable[[Path], None],
        *,
        branch: str = "",
        committer: Committer = AS_CONFIGURED,
    ) -> str:
        """Commit what `edit` does to a clean checkout of the newest commit, and push it.

        Pushed to this branch, or to a new one named `branch`. Where somebody
        pushed meanwhile it is done again on their commit. A message that only
        the edit knows is asked for after it. Returns the commit, which is the
        newest one where `edit` changed nothing.

        Raises:
            RepositoryError: with Git's reason; nothing is pushed then.

        """
        for attempt in range(1, _ATTEMPTS + 1):
            newest = self.fetch()
            with checked_out(self.repository, newest) as checkout:
                edit(checkout.root)
                commit = _committed(checkout.root, message, committer)
                if commit == newest or self._pushed(commit, branch, last=attempt == _ATTEMPTS):
                    return commit
        raise AssertionError

    def republish(
        self,
        message: str | Callable[[], str],
        edit: Callable[[Path], None],
        branch: str,
        *,
        committer: Committer = AS_CONFIGURED,
    ) -> tuple[str, bool]:
        """Make a branch the newest commit and what `edit` does to it, whatever it was before.

        Returns the commit, which is the newest one where `edit` changed
        nothing, and whether it was pushed: not where the branch has it already.

        Raises:
            RepositoryError: where the branch has commits of others, or with
                Git's reason; the branch is as it was then.

        """
        newest = self.fetch()
        with checked_out(self.repository, newest) as checkout:
            edit(checkout.root)
            commit = _committed(checkout.root, message, committer)
        if commit == newest:
            return commit, False
        before = self._fetched(branch)
        with opened(self.repository.root) as repo:
            if before and _is_same(repo, before, commit):
                return before, False
            self._check_own(repo, branch, newest, before, commit)
            lease = f"--force-with-lease=refs/heads/{branch}:{before}"
            with _explained(f"{self.name}/{branch} cannot be pushed"):
                repo.git.push(lease, self.name, f"{commit}:refs/heads/{branch}")
        return commit, True

    def unused(self, branch: str) -> str:
        """Return a name for a new branch: `branch`, or with the first number that is free.

        Raises:
            RepositoryError: with Git's reason.

        """
        with opened(self.repository.root) as repo, _explained(f"{self.name} cannot be asked"):
            listed = str(repo.git.ls_remote("--heads", self.name, f"{branch}*"))
        taken = {line.partition("refs/heads/")[2] for line in listed.splitlines()}
        names = (branch, *(f"{branch}-{number}" for number in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)

    def _fetched(self, branch: str) -> str:
        """Return a branch's newest commit, fetched; empty where there is no such branch."""
        full, target = f"refs/heads/{branch}", f"refs/remotes/{self.name}/{branch}"
        with opened(self.repository.root) as repo:
            with _explained(f"{self.name}/{branch} cannot be fetched"):
                if not repo.git.ls_remote(self.name, full):
                    return ""
                repo.git.fetch(self.name, f"+{full}:{target}")
            return str(repo.commit(target).hexsha)

    def _check_own(
        self, repo: git.Repo, branch: str, newest: str, before: str, commit: str
    ) -> None:
        mail = repo.commit(commit).committer.email
        there = repo.iter_commits(f"{newest}..{before}", no_merges=True) if before else ()
        for other in there:
            if other.committer.email != mail:
                by = f"{other.hexsha[:7]} of {other.committer.name}"
                raise RepositoryError(
                    f"{self.name}/{branch} has commit {by}, which making it anew would lose; merge "
                    "or close its pull request, and delete the branch"
                )

    def _pushed(self, commit: str, branch: str, *, last: bool) -> bool:
        target = branch or self.branch
        with opened(self.repository.root) as repo:
            with _explained(f"{self.name}/{target} cannot be pushed"):
                try:
                    repo.git.push(self.name, f"{commit}:refs/heads/{target}")
                except git.GitCommandError as error:
                    if last or branch or "! [rejected]" not in _rejection(error):
                        raise
                    return False
            repo.git.update_ref(f"refs/remotes/{self.name}/{target}", commit)
        return True

    def __str__(self) -> str:
        return f"{self.name}/{self.branch}"


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
    with opened(repository.root) as repo, _explained(f"{old[:7]}..{new[:7]} cannot be listed"):
        listed = str(repo.git.rev_list("--first-parent", "--parents", f"{old}..{new}"))
    for line in listed.splitlines():
        commit, *parents = line.split()
        if parents:
            yield commit, parents[0]


@contextmanager
def checked_out(
    repository: Repository, commit: str, *, linked: Collection[str] = _LINKED
) -> Iterator[Repository]:
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
        try:
            with _worktrees_of(repo), _explained(f"commit {commit} cannot be checked out"):
                repo.git.worktree("add", "--detach", "--force", str(root), commit)
            top = Path(str(repo.working_tree_dir)).resolve()
            checkout = Repository(root / repository.root.resolve().relative_to(top))
            for name in linked:
                _link(repository.root.resolve() / name, checkout.root / name)
            yield checkout
        finally:
            with _worktrees_of(repo):
                _remove(repo, root)


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


def files(repository: Repository, path: str) -> list[str]:
    """Return the files below a path from the root, without those that Git ignores.

    Raises:
        RepositoryError: where it is no Git repository, or with Git's reason.

    """
    with opened(repository.root), _explained(f"{path} cannot be listed"):
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
            with _explained("the commit cannot be made"):
                repo.git.commit("--only", "--message", message, "--", str(path))
        except RepositoryError:
            path.write_bytes(before)
            raise


def _link(source: Path, target: Path) -> None:
    if source.exists() and target.parent.is_dir():
        target.symlink_to(source.resolve())


def _committed(root: Path, message: str | Callable[[], str], committer: Committer) -> str:
    with opened(root) as repo, _explained("the commit cannot be made"):
        repo.git.add("--all")
        if repo.git.status("--porcelain"):
            committer.commit(repo, message if isinstance(message, str) else message())
        return str(repo.head.commit.hexsha)


def _is_same(repo: git.Repo, one: str, other: str) -> bool:
    """Whether two commits do the same to the same commit, and say the same of it."""
    first, second = repo.commit(one), repo.commit(other)
    return (first.tree, first.parents, first.message) == (
        second.tree,
        second.parents,
        second.message,
    )


def _worktrees_of(repo: git.Repo) -> FileLock:
    """Return the lock on a repository's worktrees: Git trips over one that is half made."""
    return FileLock(Path(repo.common_dir) / "sluice-worktrees.lock")


def _remove_abandoned(repo: git.Repo, folder: Path) -> None:
    for left in folder.iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _remove(repo, left)


def _remove(repo: git.Repo, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    with suppress(git.GitCommandError):
        repo.git.worktree("prune")


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
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except git.GitCommandError as error:
        raise RepositoryError(f"{what}: {_rejection(error)}") from error


def _rejection(error: git.GitCommandError) -> str:
    text = _CREDENTIALS.sub("//", str(error.stderr or error.stdout or error))
    text = text.strip().removeprefix("stderr:").strip().strip("'")
    return " ".join(text.split())
