"""The remote, never through the caller's working tree: the newest commit, commits pushed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import git

from sluice.errors import NoRemoteError, RepositoryError
from sluice.git.committer import AS_CONFIGURED, Committer
from sluice.git.opening import explained, opened, rejection
from sluice.git.worktree import checked_out
from sluice.stack.repository import Repository

__all__ = ["Remote"]

_ATTEMPTS = 5


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
            with explained(f"{self} cannot be fetched"):
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
            with explained(f"{self.name}/{branch} cannot be pushed"):
                repo.git.push(lease, self.name, f"{commit}:refs/heads/{branch}")
        return commit, True

    def unused(self, branch: str) -> str:
        """Return a name for a new branch: `branch`, or with the first number that is free.

        Raises:
            RepositoryError: with Git's reason.

        """
        with opened(self.repository.root) as repo, explained(f"{self.name} cannot be asked"):
            listed = str(repo.git.ls_remote("--heads", self.name, f"{branch}*"))
        taken = {line.partition("refs/heads/")[2] for line in listed.splitlines()}
        names = (branch, *(f"{branch}-{number}" for number in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)

    def _fetched(self, branch: str) -> str:
        """Return a branch's newest commit, fetched; empty where there is no such branch."""
        full, target = f"refs/heads/{branch}", f"refs/remotes/{self.name}/{branch}"
        with opened(self.repository.root) as repo:
            with explained(f"{self.name}/{branch} cannot be fetched"):
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
            with explained(f"{self.name}/{target} cannot be pushed"):
                try:
                    repo.git.push(self.name, f"{commit}:refs/heads/{target}")
                except git.GitCommandError as error:
                    if last or branch or "! [rejected]" not in rejection(error):
                        raise
                    return False
            repo.git.update_ref(f"refs/remotes/{self.name}/{target}", commit)
        return True

    def __str__(self) -> str:
        return f"{self.name}/{self.branch}"


def _committed(root: Path, message: str | Callable[[], str], committer: Committer) -> str:
    with opened(root) as repo, explained("the commit cannot be made"):
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
