"""A stack's state and history, as they are read: from a file backend's files, else by Pulumi.

Pulumi's packages take half a second to load, and its command a third of one,
which reading a folder of this machine can do without.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sluice.backend.local_state import LocalState
from sluice.backend.pulumi import Pulumi
from sluice.backend.secret_values import Entry

__all__ = ["Resource", "Revision", "StackState"]


@dataclass(frozen=True)
class Resource:
    """A resource of a stack's state.

    Attributes:
        urn: Pulumi's name of it.
        type: its type token.
        name: its name.
        parent: its parent's URN; empty for the stack.
        outputs: its outputs, secrets still encrypted.
        inputs: what was declared, secrets still encrypted.
        dependencies: URNs of what it waits for.
        external: whether it was only read from the cluster.
        created: when it was made; None where Pulumi did not note it.
        where: the file and line of the program that made it, as it was deployed:
            `stacks/base.py:42`; empty for the objects of a component.

    """

    urn: str
    type: str
    name: str
    parent: str
    outputs: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Sequence[str] = ()
    external: bool = False
    created: datetime | None = None
    where: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Resource:
        """Read an entry of an exported state."""
        created = entry.get("created")
        return cls(
            urn=entry["urn"],
            type=entry["type"],
            name=entry["urn"].rpartition("::")[2],
            parent=entry.get("parent", ""),
            outputs=entry.get("outputs") or {},
            inputs=entry.get("inputs") or {},
            dependencies=entry.get("dependencies") or (),
            external=bool(entry.get("external")),
            created=datetime.fromisoformat(created) if created else None,
            where=_where(entry.get("stackTrace") or ()),
        )


@dataclass(frozen=True)
class Revision:
    """The commit that an update was made of.

    Attributes:
        commit: the commit, in full; empty where it was no Git checkout.
        dirty: whether files differed from it, so that no commit has what ran.

    """

    commit: str
    dirty: bool


@dataclass(frozen=True)
class StackState:
    """What is known of a stack, which need not be there; nothing is made, and no lock is taken.

    Each method raises a `DeploymentError` where the backend cannot be read.

    Attributes:
        local: its files, where the backend is a folder of this machine.
        pulumi: Pulumi's command, which is asked for what the files do not give.

    """

    local: LocalState | None
    pulumi: Pulumi

    def resources(self) -> list[Resource]:
        """Return what the state holds; nothing where the stack was never deployed."""
        return [Resource.of(entry) for entry in self.entries() if not entry.get("delete")]

    def entries(self) -> Sequence[Entry]:
        """Return the same as Pulumi keeps it, with what it is about to delete."""
        return _entries(self._exported())

    def revealed(self) -> Sequence[Entry]:
        """Return the entries with secrets in plain text: to be kept in memory, and never shown."""
        exported = self.pulumi.read("stack", "export", "--show-secrets") or {}
        return [entry for entry in _entries(exported) if not entry.get("delete")]

    def size(self) -> int:
        """Return how many bytes the state has, as compact JSON."""
        return len(json.dumps(self._exported(), separators=(",", ":")))

    def history(self, *, newest: int = 0) -> Sequence[Mapping[str, Any]]:
        """Return the updates as Pulumi tells them, newest first; only the `newest`, if given."""
        if self._is_absent():
            return []
        updates = self.local.updates(newest) if self.local else None
        # Pulumi's own default is a page of ten.
        page = ("--page=1", f"--page-size={newest or sys.maxsize}")
        return updates or self.pulumi.read("stack", "history", "--json", *page) or []

    def revision(self) -> Revision:
        """Return the commit of the newest update."""
        newest = self.history(newest=1)
        environment = (newest[0].get("environment") if newest else None) or {}
        return Revision(
            str(environment.get("git.head", "")), environment.get("git.dirty") == "true"
        )

    def _exported(self) -> Mapping[str, Any]:
        if self._is_absent():
            return {}
        exported = self.local.exported() if self.local else None
        return exported or self.pulumi.read("stack", "export") or {}

    def _is_absent(self) -> bool:
        return self.local is not None and not self.local.is_made


def _entries(exported: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (exported.get("deployment") or {}).get("resources") or ()


def _where(trace: Iterable[Mapping[str, str]]) -> str:
    positions = (frame.get("sourcePosition", "").removeprefix("project:///") for frame in trace)
    # Neither the components themselves nor what lies outside of the repository.
    own = (each for each in positions if each and not each.startswith(("components/", "../")))
    return next(own, "").replace("#", ":")
