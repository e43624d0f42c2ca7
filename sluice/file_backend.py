"""Pulumi's state in a folder: where it lies, its locks, and putting back one that was lost.

Pulumi keeps a copy of the state with each update, but goes on with an empty one
where the state's file is gone, and refuses every command where it is damaged.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice.errors import RepositoryError
from sluice.repository import Repository

__all__ = ["FileBackend"]

_SCHEME = "file://"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileBackend:
    """The folder of Pulumi's state, for one stack.

    Attributes:
        root: the folder `.pulumi`.
        project: the project's name.
        stack: the stack's name.

    """

    root: Path
    project: str
    stack: str

    @classmethod
    def of(cls, repository: Repository, stack: str) -> FileBackend | None:
        """Return the stack's state folder; None where the state is kept elsewhere."""
        url = os.environ.get("PULUMI_BACKEND_URL") or _login()
        if not url.startswith(_SCHEME):
            return None
        folder = Path(url.removeprefix(_SCHEME).partition("?")[0]).expanduser()
        return cls(folder / ".pulumi", repository.project, stack)

    @property
    def checkpoint(self) -> Path:
        """The file of the stack's state."""
        return self.root / "stacks" / self.project / f"{self.stack}.json"

    @property
    def locks(self) -> list[Path]:
        """Pulumi's locks of the stack."""
        folder = self.root / "locks" / "organization" / self.project / self.stack
        return sorted(folder.glob("*.json"))

    @property
    def copies(self) -> list[Path]:
        """Earlier states: the one before the last write, and each update's."""
        folder = self.root / "history" / self.project / self.stack
        before = self.checkpoint.with_name(self.checkpoint.name + ".bak")
        return [*([before] if before.exists() else []), *folder.glob("*.checkpoint.json")]

    def resources(self) -> list[Mapping[str, Any]] | None:
        """Return the state's resources; None where there is no state or it is damaged."""
        try:
            return list(_deployment(self.checkpoint).get("resources") or ())
        except (OSError, ValueError):
            return None

    def digest(self) -> str:
        """Return the state's digest; empty where there is none."""
        try:
            return hashlib.sha256(self.checkpoint.read_bytes()).hexdigest()
        except OSError:
            return ""

    def restore(self) -> bool:
        """Put the newest readable copy of the state in the place of one that is gone or damaged.

        A damaged file is kept beside it. Returns whether there was need to.

        Raises:
            RepositoryError: where the state is damaged and there is no readable copy.

        """
        damage = _damage(self.checkpoint)
        readable = [copy for copy in self.copies if not _damage(copy)] if damage else []
        if not damage or (damage == "is not there" and not readable):
            return False
        if not readable:
            raise RepositoryError(
                f"{self.stack}: the state {self.checkpoint} {damage}, and there is no copy; "
                "put back one of yours, or move the file away to adopt what the cluster has"
            )
        newest = max(readable, key=_written)
        kept = _moved_away(self.checkpoint)
        shutil.copy2(newest, self.checkpoint)
        _LOG.warning(
            "%s: the state %s %s; put back the copy %s%s",
            *(self.stack, self.checkpoint, damage, newest.name, kept),
        )
        return True


def _login() -> str:
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    try:
        return str(json.loads((home / "credentials.json").read_text()).get("current") or "")
    except (OSError, ValueError):
        return ""


def _deployment(file: Path) -> Mapping[str, Any]:
    content = json.loads(file.read_bytes())
    if not isinstance(content, dict) or not isinstance(content.get("checkpoint"), dict):
        raise ValueError("no checkpoint")  # noqa: TRY004 - as damaged as any other
    return content["checkpoint"].get("latest") or {}


def _damage(file: Path) -> str:
    try:
        _deployment(file)
    except FileNotFoundError:
        return "is not there"
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    return ""


def _written(copy: Path) -> str:
    # What Pulumi says in it, and not the file's time, which copying changes.
    return str((_deployment(copy).get("manifest") or {}).get("time", ""))


def _moved_away(file: Path) -> str:
    if not file.exists():
        return ""
    name = next(name for name in _names(file) if not name.exists())
    file.rename(name)
    return f", and kept the damaged file as {name.name}"


def _names(file: Path) -> Iterator[Path]:
    return (file.with_name(f"{file.stem}.damaged-{number}") for number in itertools.count(1))
