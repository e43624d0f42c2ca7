"""Where an object comes from: its component, the line that declares it, the commit behind it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from datetime import UTC, datetime

import git

from sluice.inventory.deployed import Deployed
from sluice.inventory.history import pull_request
from sluice.inventory.owners import Ownership
from sluice.stack.repository import Repository

__all__ = ["Origin", "Trace", "trace_of"]


@dataclass(frozen=True)
class Origin:
    """The commit that a declaration comes from.

    Attributes:
        commit: in full.
        author: who wrote it, `Name <mail>`.
        date: when it was committed.
        subject: the first line of its message.
        pull_request: its number, by the message of the commit or of the merge that
            brought it; null where neither names one.

    """

    commit: str
    author: str
    date: datetime
    subject: str
    pull_request: int | None


@dataclass(frozen=True)
class Trace:
    """Where an object comes from.

    Attributes:
        object: `Deployment shop/web`.
        stack: the stack that owns it.
        through: what owns it on the cluster, nearest first, up to what the stack declares.
        release: its Helm release, `namespace/name`; empty where there is none.
        component: `application/web`.
        where: the file and line that declares the component, as deployed.
        revision: the stack's deployed commit, `-dirty` where files differed from it.
        origin: the newest commit that changed the declaration; null where Git does not know.

    """

    object: str
    stack: str
    through: tuple[str, ...]
    release: str
    component: str
    where: str
    revision: str
    origin: Origin | None


def trace_of(repository: Repository, deployed: Deployed, ownership: Ownership) -> Trace:
    """Return where an object of a stack comes from."""
    where = ownership.component.where
    commit = deployed.last.commit if deployed.last else ""
    return Trace(
        object=ownership.object,
        stack=deployed.stack,
        through=ownership.through,
        release=ownership.release,
        component=str(ownership.component),
        where=where,
        revision=deployed.revision,
        origin=_origin(repository, commit, where) if commit and where else None,
    )


def _origin(repository: Repository, deployed: str, where: str) -> Origin | None:
    file, _, line = where.rpartition(":")
    try:
        with git.Repo(repository.root, search_parent_directories=True) as repo:
            # Paths are the project's own, whose folder need not be Git's.
            project = git.Git(repository.root)
            first, last = _declaration(project.show(f"{deployed}:./{file}"), int(line))
            lines = f"-L{first},{last}:{file}"
            newest = repo.commit(project.log("-1", "--format=%H", "--no-patch", lines, deployed))
            message = str(newest.message)
            return Origin(
                commit=newest.hexsha,
                author=f"{newest.author.name} <{newest.author.email}>",
                date=datetime.fromtimestamp(newest.committed_date, UTC),
                subject=message.partition("\n")[0],
                pull_request=pull_request(message) or _merged(repo, newest, deployed),
            )
    except (git.InvalidGitRepositoryError, git.GitCommandError, git.BadName, ValueError):
        return None  # deployed from files that no commit has, or from another clone


def _declaration(program: str, line: int) -> tuple[int, int]:
    """Return the first and last line of the member that a line lies in, else the line."""
    members = [
        (min([node.lineno, *(mark.lineno for mark in node.decorator_list)]), node.end_lineno or 0)
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.FunctionDef)
    ]
    around = [(first, last) for first, last in members if first <= line <= last]
    return min(around, key=lambda span: span[1] - span[0], default=(line, line))


def _merged(repo: git.Repo, commit: git.Commit, deployed: str) -> int | None:
    """Return the pull request whose merge brought a commit into the deployed branch."""
    options = ("--merges", "--first-parent", "--ancestry-path", "--reverse")
    merges = repo.git.rev_list(*options, f"{commit.hexsha}..{deployed}").split()
    if not merges:
        return None
    merge = repo.commit(merges[0])
    was_there = repo.is_ancestor(commit, merge.parents[0])
    return None if was_there else pull_request(str(merge.message))
