"""The one place that knows Pulumi's Automation API: updates in, typed results out."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil
from pulumi import automation

from sluice.errors import DeploymentError, LockedError
from sluice.repository import Repository

__all__ = ["Engine", "Outcome", "Resource"]

PARALLEL = 64
Watcher = Callable[[str], None]


@dataclass(frozen=True)
class Resource:
    """A resource of a stack's state.

    Attributes:
        urn: Pulumi's name of it.
        type: its type token.
        name: its name.
        parent: its parent's URN; empty for the stack.
        outputs: its outputs, secrets still encrypted.

    """

    urn: str
    type: str
    name: str
    parent: str
    outputs: Mapping[str, Any]


@dataclass
class Outcome:
    """What an update did.

    Attributes:
        stack: the stack.
        counts: objects by what happened: `create`, `update`, `replace`, `delete`, `same`.
        seconds: how long it took.

    """

    stack: str
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether anything was changed."""
        return any(count for operation, count in self.counts.items() if operation != "same")

    def __str__(self) -> str:
        words = [f"{self.counts[word]} {_PAST[word]}" for word in _PAST if self.counts.get(word)]
        return f"{', '.join(words) or 'nothing declared'} in {self.seconds:.0f} s"


_PAST = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}


class Engine:
    """Pulumi, for one stack of a repository."""

    def __init__(self, repository: Repository, stack: str) -> None:
        """Select the stack, made in the backend if it is not there."""
        self._repository = repository
        self.stack = stack
        workspace = automation.LocalWorkspace(work_dir=str(repository.root))
        try:
            self._stack = automation.Stack.create_or_select(stack, workspace)
        except automation.CommandError as error:
            raise DeploymentError(f"{stack}: {_reason(str(error))}") from error

    def up(self, *, refresh: bool = True, watch: Watcher = lambda _line: None) -> Outcome:
        """Apply what is declared; with `refresh`, what was changed by hand is put back too.

        Raises:
            DeploymentError: with each reason; what was applied is in the state.
            LockedError: where another update of the stack is running.

        """
        events = _Events(watch)
        started = time.monotonic()
        self._recover_lock()
        try:
            self._stack.up(
                parallel=PARALLEL,
                refresh=refresh,
                on_event=events,
                suppress_outputs=True,
                show_secrets=False,
            )
        except automation.ConcurrentUpdateError as error:
            raise LockedError(f"{self.stack}: {_reason(str(error))}; wait for it to end") from error
        except automation.CommandError as error:
            reasons = events.failures or [_reason(str(error))]
            raise DeploymentError(f"{self.stack}: " + "\n  ".join(reasons)) from error
        return Outcome(self.stack, dict(events.counts), time.monotonic() - started)

    def resources(self) -> list[Resource]:
        """Return what the stack's state holds."""
        deployment = self._stack.export_stack().deployment or {}
        return [
            Resource(
                urn=entry["urn"],
                type=entry["type"],
                name=entry["urn"].rpartition("::")[2],
                parent=entry.get("parent", ""),
                outputs=entry.get("outputs") or {},
            )
            for entry in deployment.get("resources") or ()
            if not entry.get("delete")
        ]

    def commit(self) -> str:
        """Return the last update's commit, `-dirty` where files differed from it, or `-`."""
        history = self._stack.history(page_size=1, page=1)
        environment = (history[0].environment if history else None) or {}
        head = environment.get("git.head", "-")[:7]
        return f"{head}-dirty" if environment.get("git.dirty") == "true" else head

    def _recover_lock(self) -> None:
        """Remove the lock of an update that died on this machine."""
        locks = self._repository.local / "pulumi" / ".pulumi" / "locks"
        folder = locks / "organization" / self._repository.project / self.stack
        for file in folder.glob("*.json"):
            if _holder_is_gone(json.loads(file.read_text())):
                file.unlink(missing_ok=True)


class _Events:
    """Counts what the engine reports, and keeps what failed."""

    def __init__(self, watch: Watcher) -> None:
        self.counts: dict[str, int] = {}
        self.failures: list[str] = []
        self._watch = watch

    def __call__(self, event: automation.EngineEvent) -> None:
        if event.resource_pre_event:
            self._watch(event.resource_pre_event.metadata.urn)
        if event.summary_event:
            self.counts = _counts(event.summary_event.resource_changes)
        diagnostic = event.diagnostic_event
        if diagnostic and diagnostic.severity == "error":
            self._keep(diagnostic.urn or "", diagnostic.message)

    def _keep(self, urn: str, message: str) -> None:
        reason = _plain(message)
        if reason in ("", "update failed", "preview failed"):
            return
        name = urn.rpartition("::")[2]
        of_stack = "pulumi:pulumi:Stack::" in urn or not name
        self.failures.append(reason if of_stack else f"{name}: {reason}")


def _counts(changes: Mapping[Any, int] | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for operation, count in (changes or {}).items():
        name = str(getattr(operation, "value", operation))
        if name in _PAST:
            counts[name] = counts.get(name, 0) + count
    return counts


def _plain(message: str) -> str:
    lines = (line.strip() for line in _without_markup(message).splitlines())
    return " ".join(line for line in lines if line)


def _without_markup(text: str) -> str:
    return re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", text)


def _reason(text: str) -> str:
    error = re.search(r"\berror: (.+)", _without_markup(text))
    return error[1].strip() if error else _plain(text)


def _holder_is_gone(lock: Mapping[str, Any]) -> bool:
    same_host = lock.get("hostname") == socket.gethostname()
    return same_host and not psutil.pid_exists(int(lock.get("pid", 0)))
