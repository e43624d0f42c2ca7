"""Pulumi's file backend, where the state is a folder of this machine: its locks, its checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["LocalState"]

_SCHEME = "file://"
# What Pulumi writes into a checkpoint only where an update did not come to a good end.
_UNFINISHED = ('"pending_operations"', '"initErrors"')


@dataclass(frozen=True)
class LocalState:
    """One stack's files in a file backend.

    Pulumi gives the same by `stack export` and `stack history`, a third of a
    second later. Where its files are compressed, these methods give None.

    Attributes:
        folder: the backend's folder.
        project: the Pulumi project.
        stack: the stack.

    """

    folder: Path
    project: str
    stack: str

    @classmethod
    def at(cls, url: str, root: Path, project: str, stack: str) -> LocalState | None:
        """Return the stack's files by the backend's URL; None where that is no folder."""
        if not url.startswith(_SCHEME):
            return None
        # As Pulumi reads it, which runs in the repository's root.
        place = Path(url.removeprefix(_SCHEME).partition("?")[0]).expanduser()
        return cls(root / place / ".pulumi", project, stack)

    @property
    def checkpoint(self) -> Path:
        """The state's file."""
        return self.folder / "stacks" / self.project / f"{self.stack}.json"

    @property
    def is_made(self) -> bool:
        """Whether the stack is in the backend, compressed or not, in the old layout too."""
        folders = (self.checkpoint.parent, self.folder / "stacks")
        return any(any(folder.glob(f"{self.stack}.json*")) for folder in folders)

    @property
    def history(self) -> Path:
        """The folder of the updates that were, each with the state after it."""
        return self.folder / "history" / self.project / self.stack

    def locks(self) -> list[Path]:
        """Return the lock files, one for each process that holds the stack."""
        folder = self.folder / "locks" / "organization" / self.project / self.stack
        return list(folder.glob("*.json"))

    def exported(self) -> dict[str, Any] | None:
        """Return what `pulumi stack export` gives; None where it has to be asked."""
        try:
            content = json.loads(self.checkpoint.read_bytes())
            return {"version": content["version"], "deployment": content["checkpoint"]["latest"]}
        except (OSError, ValueError, KeyError):
            return None

    def updates(self, newest: int = 0) -> list[Mapping[str, Any]] | None:
        """Return what `pulumi stack history --json` gives, without the configuration.

        Newest first, and only the `newest` where that is given; None where it
        has to be asked.
        """
        # Named by the moment at which the update ended.
        files = sorted(self.history.glob("*.history.json"), reverse=True)
        try:
            return [_told(json.loads(file.read_bytes())) for file in files[: newest or None]]
        except (OSError, ValueError, KeyError):
            return None

    def tells_of_failure(self) -> bool:
        """Whether the last update left something undone; also where a state cannot be read."""
        try:
            text = self.checkpoint.read_text()
        except (OSError, ValueError):
            return self.is_made
        return any(word in text for word in _UNFINISHED)


def _told(update: Mapping[str, Any]) -> Mapping[str, Any]:
    told = {key: value for key, value in update.items() if key != "config"}
    return {**told, "startTime": _time(update["startTime"]), "endTime": _time(update["endTime"])}


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
