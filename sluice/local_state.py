"""Pulumi's file backend, where the state is a folder of this machine: its locks, its checkpoint."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sluice.repository import Repository

__all__ = ["LocalState"]

_SCHEME = "file://"
# What Pulumi writes into a checkpoint only where an update did not come to a good end.
_UNFINISHED = ('"pending_operations"', '"initErrors"')


@dataclass(frozen=True)
class LocalState:
    """One stack's files in a file backend.

    Attributes:
        folder: the backend's folder.
        project: the Pulumi project.
        stack: the stack.

    """

    folder: Path
    project: str
    stack: str

    @classmethod
    def of(cls, repository: Repository, stack: str) -> LocalState | None:
        """Return the stack's files, or None where the state is kept elsewhere."""
        backend = os.environ.get("PULUMI_BACKEND_URL", "")
        if not backend.startswith(_SCHEME):
            return None
        folder = Path(backend.removeprefix(_SCHEME)).expanduser()
        return cls(folder / ".pulumi", repository.project, stack)

    @property
    def checkpoint(self) -> Path:
        """The state's file."""
        return self.folder / "stacks" / self.project / f"{self.stack}.json"

    @property
    def history(self) -> Path:
        """The folder of the updates that were, each with the state after it."""
        return self.folder / "history" / self.project / self.stack

    def locks(self) -> list[Path]:
        """Return the lock files, one for each process that holds the stack."""
        folder = self.folder / "locks" / "organization" / self.project / self.stack
        return list(folder.glob("*.json"))

    def tells_of_failure(self) -> bool:
        """Whether the last update left something undone; also where that cannot be read."""
        try:
            text = self.checkpoint.read_text()
        except (OSError, ValueError):
            return True
        return any(word in text for word in _UNFINISHED)
