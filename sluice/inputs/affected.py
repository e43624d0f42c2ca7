"""Which stacks a change can affect: by what their programs read when they were deployed last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sluice.git.commits import merged_since
from sluice.inputs import deployment_record
from sluice.stack.stack import Stack

__all__ = ["affected_stacks", "commits_since_affected", "reasons"]


def affected_stacks(stacks: Iterable[Stack], base: str, head: str) -> Mapping[str, Sequence[str]]:
    """Return those of the stacks that a change from one commit to another can affect, with why.

    Raises:
        RepositoryError: where the repository does not have one of the commits.

    """
    found = {stack.name: reasons(stack, base, head) for stack in stacks}
    return {stack: why for stack, why in found.items() if why}


def reasons(stack: Stack, base: str, head: str) -> Sequence[str]:
    """Return why a change can affect a stack; empty where it cannot.

    What is read is known of the last good deployment from this machine. A
    program that reads the same files does not come to read others, so that what
    it would read in `head` does not matter.

    Raises:
        RepositoryError: where the repository does not have one of the commits.

    """
    kept = deployment_record.load(stack)
    if kept is None:
        return ["no record of a good deployment on this machine"]
    return list(kept.unknown) or deployment_record.affected(stack.repository, kept, base, head)


def commits_since_affected(stack: Stack, commit: str) -> Sequence[str]:
    """Return a branch's commits, newest first, down to the newest that can affect a stack.

    Those that were merged after the stack's last good deployment; `commit` alone
    where there is none.
    """
    kept = deployment_record.load(stack)
    found: list[str] = []
    for each, parent in merged_since(stack.repository, kept.commit, commit) if kept else ():
        found.append(each)
        if reasons(stack, parent, each):
            break
    return found or [commit]
