"""Locks that are brought up to date in Git: by a push, or as one pull request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Description, Proposal, Proposed
from sluice.locks.next_lock import NextLock, next_locks
from sluice.stack.repository import Repository

__all__ = ["propose_locks"]

_LABELS = ("lock",)


def propose_locks(
    remote: Remote,
    gitea: Gitea | None,
    stacks: tuple[str, ...],
    upgrade: Collection[str] | None,
    *,
    pr: bool,
) -> tuple[Sequence[NextLock], Proposed]:
    """Commit the stacks' next locks to the newest commit and push, with `pr` to a branch.

    Stacks and upgrade are as for `next_locks`. What a closed pull request
    carried is not proposed again as a whole. Returns the locks, and what
    became of them.

    Raises:
        RepositoryError: with Git's reason; nothing is pushed then.
        GiteaError: where pull requests cannot be read or opened.
        DeclarationError, ArtifactError: as `next_locks`.

    """
    subject = f"lock {' '.join(stacks)}".strip()
    branch = subject.replace(" ", "-") if pr else remote.branch
    proposal = Proposal(remote, gitea if pr else None, branch, subject, _LABELS)
    declined = proposal.declined()
    found: list[NextLock] = []

    def edit(root: Path) -> Description | None:
        checkout = Repository(root)
        found[:] = next_locks(checkout.chosen(stacks), upgrade)
        stale = [each for each in found if each.changes]
        described = _described(stale)
        if not stale or described.carries.items() <= declined:
            return None
        for each in stale:
            each.save()
        return described

    return found, proposal.make(edit)


def _described(stale: Sequence[NextLock]) -> Description:
    rows = [(each.stack, row) for each in stale for row in each.changes]
    named = ", ".join(dict.fromkeys(each.stack for each in stale))
    lines = "".join(
        f"{stack} {row.section}/{row.name}: {row.old or '-'} -> {row.new or '-'} ({row.why})\n"
        for stack, row in rows
    )
    cells = "".join(
        f"| {stack} | {row.section}/{row.name} | {row.old or '-'} | {row.new or '-'} | "
        f"{_cell(row.why)} |\n"
        for stack, row in rows
    )
    return Description(
        message=f"chore({named}): lock {len(rows)} changes\n\n{lines}",
        body=f"| stack | name | old | new | why |\n|---|---|---|---|---|\n{cells}",
        carries={f"{stack}/{row.section}/{row.name}": row.new or "" for stack, row in rows},
    )


def _cell(text: str) -> str:
    """Return a text for a table's cell: a range may have a bar."""
    return text.replace("|", "\\|")
