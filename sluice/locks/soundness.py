"""Whether a stack may be followed: what its lock says is what runs, and is healthy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from components.lib.locks.lock import Lock
from components.lib.locks.promotion import Promoted
from components.runtime.answers import lock_file
from sluice.git.worktree import checked_out
from sluice.inventory.deployed import Deployed, live
from sluice.inventory.history import Deployment
from sluice.stack.stack import Stack
from sluice.status.rows import StackRow, stack_row

__all__ = ["Soundness"]


@dataclass(frozen=True)
class Soundness:
    """How a stack is.

    Attributes:
        row: what `sluice get stacks` says of it.
        last: its last deployment; None before the first.
        ran: the lock that this had; empty where no commit has it.

    """

    row: StackRow
    last: Deployment | None
    ran: Lock

    @classmethod
    def of(cls, stack: Stack) -> Soundness:
        """Ask Pulumi and the cluster.

        Raises:
            DeploymentError: where state or history cannot be read.
            RepositoryError: where the deployed commit is not there.

        """
        deployed = Deployed.of(stack)
        row = stack_row(deployed, live(stack, deployed), stack.suspensions())
        return cls(row, deployed.last, _lock_of(stack, deployed.last))

    def objection(self, carried: Iterable[Promoted], source: Lock) -> str:
        """Return why entries of the stack's lock should not be carried on; empty where they should.

        The last deployment has to have succeeded, of a clean commit that has
        these entries, and what the stack owns has to be ready now.
        """
        stack, last = self.row.name, self.last
        if last is None:
            return f"{stack} was never deployed"
        if last.result != "succeeded":
            return f"the last deployment of {stack}, of {last.revision}, {last.result}"
        if not last.commit or last.dirty:
            return f"{stack} runs {last.revision}, which no commit has"
        if self.row.suspended:
            return f"{stack} is suspended"
        missing = (self._missing(each, source) for each in carried)
        unready = "" if self.row.ready else f"{stack} is not healthy: {self.row.message}"
        return next((each for each in missing if each), unready)

    @property
    def settled(self) -> timedelta:
        """How long ago the last deployment ended, to the second."""
        if self.last is None:
            return timedelta()
        ended = self.last.started + timedelta(seconds=self.last.seconds)
        return timedelta(seconds=max(0, int((datetime.now(tz=UTC) - ended).total_seconds())))

    def _missing(self, each: Promoted, source: Lock) -> str:
        wanted = source.entries[each.section][each.new.name]
        found = self.ran.entries[each.section].get(each.new.name)
        if found is not None and found.is_same(wanted):
            return ""
        runs = found.shown if found else "nothing"
        return f"{self.row.name} runs {runs} of {each.name}, and not {wanted.shown} yet"


def _lock_of(stack: Stack, last: Deployment | None) -> Lock:
    if last is None or not last.commit:
        return Lock()
    with checked_out(stack.repository, last.commit) as then:
        return Lock.load(lock_file(then.root, stack.name))
