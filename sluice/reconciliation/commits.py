"""Which commit a stack gets: decided while its lock is held, never an older one over a newer.

Whoever waits for a lock may be overtaken: what was the newest commit before the
wait need not be it any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from types import TracebackType
from typing import Self

from sluice.errors import NoRemoteError, RepositoryError, SuspendedError
from sluice.git.commits import contains, head
from sluice.git.remote import Remote
from sluice.git.worktree import checked_out
from sluice.stack.repository import Checkout, Repository
from sluice.stack.stack import Stack

__all__ = ["Commits", "OvertakenError", "newest_commit"]

_LOG = logging.getLogger(__name__)


class OvertakenError(Exception):
    """The stack is to get another commit than the one that was about to be applied."""


def newest_commit(repository: Repository) -> str:
    """Return the newest commit of the branch that the stacks follow, fetched.

    Where the repository was never pushed, it is the local branch's.

    Raises:
        RepositoryError: where it cannot be fetched, with Git's reason.

    """
    try:
        return Remote.of(repository).fetch()
    except NoRemoteError as error:
        newest = head(repository)
        _say_once(f"{error}; the newest commit is the local one, {newest[:7]}")
        return newest


@cache
def _say_once(warning: str) -> None:
    _LOG.warning(warning)


class Commits:
    """The commits of one run, each checked out at most once, and gone with the block."""

    def __init__(
        self, repository: Repository, find: Callable[[Repository], str] = newest_commit
    ) -> None:
        """Take the caller's checkout, and how its newest commit is found."""
        self._repository = repository
        self._find = find
        self._checkouts: dict[str, Checkout] = {}
        self._open = ExitStack()
        self._newest = ""
        self._given: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Begin; nothing is fetched yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Remove what was checked out."""
        self._open.__exit__(kind, error, at)

    def newest(self) -> Checkout:
        """Return the newest commit of the branch, asked for now.

        Raises:
            RepositoryError: where it cannot be fetched, with Git's reason.

        """
        self._newest = self._find(self._repository)
        return self._checkout(self._newest)

    def next(self, stack: Stack) -> Checkout:
        """Return what a stack gets, whose lock is held: the newest commit.

        Where the stack that it follows got another in this run it gets that one, unless
        a later one of the branch runs there already.
        """
        newest = self.newest()
        before = self._given.get(stack.at(newest).settings().follows, newest.commit)
        commit = before if before == newest.commit else self._later(stack, before, newest.commit)
        return self._give(stack, commit)

    def deployed(self, stack: Stack) -> Checkout:
        """Return the commit that was deployed last, whole and well.

        Raises:
            RepositoryError: where there is none.

        """
        from sluice.inventory.history import deployments, good  # noqa: PLC0415 - for a part alone

        found = next(good(deployments(stack)), None)
        if found is None:
            raise RepositoryError(
                f"{stack}: no commit is deployed yet, only a working tree; give --with-source"
            )
        return self._give(stack, found.commit)

    def given(self, stack: Stack) -> str:
        """Return the commit that a stack got, or is to get as far as is known; else nothing."""
        return self._given.get(stack.name, self._newest)

    def suspended(self, stack: Stack, checkout: Checkout) -> list[str]:
        """Return the components that are suspended in a commit, or by now.

        Raises:
            SuspendedError: where the whole stack is.

        """
        newest = self._checkouts.get(self._newest, checkout)
        places = [each for each in (checkout, newest) if stack.name in each.stacks]
        entries = [entry for each in places for entry in stack.at(each).suspensions()]
        for entry in entries:
            if not entry.component:
                raise SuspendedError(f"{stack}: {entry}")
        return list(dict.fromkeys(entry.component for entry in entries))

    def _later(self, stack: Stack, commit: str, newest: str) -> str:
        """Return the commit, or the later one that runs there, on the way to the newest."""
        running = _running(stack)
        is_later = (
            running != ""
            and contains(self._repository, running, commit)
            and contains(self._repository, newest, running)
        )
        return running if is_later else commit

    def _give(self, stack: Stack, commit: str) -> Checkout:
        self._given[stack.name] = commit
        return self._checkout(commit)

    def _checkout(self, commit: str) -> Checkout:
        if commit not in self._checkouts:
            self._checkouts[commit] = self._open.enter_context(
                checked_out(self._repository, commit)
            )
        return self._checkouts[commit]


def _running(stack: Stack) -> str:
    """Return the commit of the stack's newest update, whatever became of it; empty without one."""
    from sluice.inventory.history import deployments  # noqa: PLC0415 - only where one is overtaken

    made = [one for one in deployments(stack) if one.commit and not one.dirty]
    return made[-1].commit if made else ""
