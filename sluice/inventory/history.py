"""What was deployed: Pulumi's own history of a stack, each row told with its commit.

The file backends give every row the version 0, and no row to an update that
was killed. Their order is that of the moments in which the updates ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import git

from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["Deployment", "deployments", "deployments_of", "good", "last_good", "pull_request"]

CAUSES = ("merge", "reconcile", "drift", "rollback")
_COUNTED = ("create", "update", "replace", "delete", "same")
# As Gitea writes the title of a merge and of a squash: "…(#12) from x into main", "… (#12)".
_PULL_REQUEST = re.compile(r"\(#(\d+)\)(?: from \S+(?: into \S+)?)?$")


@dataclass(frozen=True)
class Deployment:
    """One update of a stack, or its removal.

    Attributes:
        number: its place, from 1, the oldest; it never changes.
        commit: the commit that was checked out; empty where it was no Git checkout.
        dirty: whether files differed from that commit, so that no commit has what ran.
        author: the commit's, `Name <mail>`; empty where nothing says it.
        pull_request: the number of the one that brought the commit; None where it names none.
        started: when.
        seconds: how long it took.
        counts: objects by what happened: `create`, `update`, `replace`, `delete`, `same`.
        result: `succeeded`, `failed`, `in-progress`, or `destroyed` where it removed the stack.
        cause: `merge`, `reconcile`, `drift` or `rollback`, by which the update's message
            begins; else `by hand`.
        message: the update's message; a commit's title where none was given.

    """

    number: int
    commit: str
    dirty: bool
    author: str
    pull_request: int | None
    started: datetime
    seconds: float
    counts: Mapping[str, int]
    result: str
    cause: str
    message: str

    @property
    def revision(self) -> str:
        """The commit as people read it: seven digits, `-dirty` where files differed; `-`."""
        return f"{self.commit[:7] or '-'}{'-dirty' if self.dirty else ''}"


def deployments(stack: Stack) -> list[Deployment]:
    """Return the deployments of a stack, the oldest first.

    Raises:
        DeploymentError: where the history cannot be read.

    """
    return deployments_of(stack.state().history(), stack.repository)


def deployments_of(rows: Sequence[Mapping[str, Any]], repository: Repository) -> list[Deployment]:
    """Return the deployments among Pulumi's rows, which come newest first.

    A refresh and an import change the state alone, so they are none.
    """
    oldest_first = [row for row in reversed(rows) if row["kind"] in ("update", "destroy")]
    with _commits(repository) as commits:
        return [_deployment(number, row, commits) for number, row in enumerate(oldest_first, 1)]


def last_good(made: Sequence[Deployment]) -> Deployment | None:
    """Return the newest that succeeded, from a clean commit that is not the current one's.

    The current one is the newest of all, whatever became of it. So the last
    good one of a rollback is what ran before it. None where there is none.
    """
    if not made:
        return None
    current = made[-1].revision
    return next((one for one in good(made) if one.revision != current), None)


def good(made: Sequence[Deployment]) -> Iterator[Deployment]:
    """Yield those that succeeded from a clean commit, the newest first."""
    for one in reversed(made):
        if one.result == "succeeded" and one.commit and not one.dirty:
            yield one


def pull_request(message: str) -> int | None:
    """Return the pull request that a commit's message names in its title; None where none."""
    found = _PULL_REQUEST.search(message.partition("\n")[0].strip())
    return int(found[1]) if found else None


class _Commits:
    """Authors and messages of commits, each read once."""

    def __init__(self, repo: git.Repo | None) -> None:
        self._repo = repo
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, commit: str) -> tuple[str, str]:
        """Return a commit's author and message; empty where it is not there."""
        if commit not in self._known:
            self._known[commit] = self._read(commit)
        return self._known[commit]

    def _read(self, commit: str) -> tuple[str, str]:
        if self._repo is None or not commit:
            return "", ""
        try:
            found = self._repo.commit(commit)
        except (git.BadName, ValueError):
            return "", ""
        return f"{found.author.name} <{found.author.email}>", str(found.message)


@contextmanager
def _commits(repository: Repository) -> Iterator[_Commits]:
    try:
        repo = git.Repo(repository.root, search_parent_directories=True)
    except git.InvalidGitRepositoryError:
        yield _Commits(None)
        return
    with repo:
        yield _Commits(repo)


def _deployment(number: int, row: Mapping[str, Any], commits: _Commits) -> Deployment:
    environment = row.get("environment") or {}
    commit = environment.get("git.head", "")
    author, title = commits.of(commit)
    message = row.get("message") or ""
    return Deployment(
        number=number,
        commit=commit,
        dirty=environment.get("git.dirty") == "true",
        author=author or _recorded_author(environment),
        pull_request=pull_request(title or message),
        started=_time(row["startTime"]),
        seconds=_seconds(row),
        counts={
            name: count
            for name, count in (row.get("resourceChanges") or {}).items()
            if name in _COUNTED and count
        },
        result=_result(row),
        cause=_cause(message, title),
        message=message,
    )


def _recorded_author(environment: Mapping[str, str]) -> str:
    name, mail = environment.get("git.author", ""), environment.get("git.author.email", "")
    return f"{name} <{mail}>" if name else ""


def _result(row: Mapping[str, Any]) -> str:
    result = str(row.get("result") or "in-progress")
    return "destroyed" if row["kind"] == "destroy" and result == "succeeded" else result


def _cause(message: str, commit_message: str) -> str:
    word, colon, _ = message.partition(":")
    # Without a message of its own an update has the commit's title, whatever that begins with.
    told = colon and message != commit_message.partition("\n")[0].strip()
    return word if told and word in CAUSES else "by hand"


def _seconds(row: Mapping[str, Any]) -> float:
    if not row.get("endTime"):
        return 0.0
    # Where the clock went back meanwhile, how long it took is not known.
    return max(0.0, (_time(row["endTime"]) - _time(row["startTime"])).total_seconds())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
