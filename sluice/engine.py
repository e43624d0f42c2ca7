"""The one place that knows Pulumi's Automation API: updates in, typed results out."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pulumi import automation

from sluice.errors import DeploymentError, LockedError
from sluice.recovery import Recovery
from sluice.repository import Repository
from sluice.state_repair import RELEASE, Entry

__all__ = ["Engine", "Outcome", "Resource"]

PARALLEL = 64
_OUTCOME = '"resOutputsEvent"'
Watcher = Callable[[str], None]

# Helm's words where an earlier update of the release did not come to its end.
_REFUSALS = (
    "another operation (install/upgrade/rollback) is in progress",
    "cannot re-use a name that is still in use",
    "has no deployed releases",
)


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
        try:
            _select(repository.root, stack)
        except automation.CommandError as error:
            raise DeploymentError(f"{stack}: {_reason(str(error))}") from error

    def up(self, *, refresh: bool = True, watch: Watcher = lambda _line: None) -> Outcome:
        """Apply what is declared; with `refresh`, what was changed by hand is put back too.

        Raises:
            DeploymentError: with each reason; what was applied is in the state.
            LockedError: where another update of the stack is running.

        """
        started = time.monotonic()
        recovery = Recovery(self._repository, self.stack, self._export, self._import)
        try:
            refresh = recovery.before_update() or refresh
            counts = self._update(recovery, watch, refresh=refresh)
        except automation.ConcurrentUpdateError as error:
            raise LockedError(f"{self.stack}: {_reason(str(error))}; wait for it to end") from error
        recovery.after_success()
        return Outcome(self.stack, counts, time.monotonic() - started)

    def _update(self, recovery: Recovery, watch: Watcher, *, refresh: bool) -> dict[str, int]:
        events = _Events(watch)
        try:
            self._run(
                *("up", "--yes", "--skip-preview", "--json", f"--parallel={PARALLEL}"),
                *(["--refresh"] if refresh else []),
                on_output=events.read,
            )
        except automation.ConcurrentUpdateError:
            raise
        except automation.CommandError as error:
            if recovery.after_failure(events.refused_releases):
                return _sum(events.counts, self._update(recovery, watch, refresh=True))
            reasons = events.failures or [_reason(str(error))]
            raise DeploymentError(f"{self.stack}: " + "\n  ".join(reasons)) from error
        return events.counts

    def resources(self) -> list[Resource]:
        """Return what the stack's state holds."""
        return [
            Resource(
                urn=entry["urn"],
                type=entry["type"],
                name=entry["urn"].rpartition("::")[2],
                parent=entry.get("parent", ""),
                outputs=entry.get("outputs") or {},
            )
            for entry in (self._export()["deployment"] or {}).get("resources") or ()
            if not entry.get("delete")
        ]

    def commit(self) -> str:
        """Return the last update's commit, `-dirty` where files differed from it, or `-`."""
        history = json.loads(self._run("stack", "history", "--json", "--page-size=1", "--page=1"))
        environment = (history[0].get("environment") if history else None) or {}
        head = environment.get("git.head", "-")[:7]
        return f"{head}-dirty" if environment.get("git.dirty") == "true" else head

    def _run(self, *arguments: str, on_output: Callable[[str], None] | None = None) -> str:
        # The steps of automation.Stack.up are this one and three more commands, for outputs
        # and a summary that nobody asks for here.
        command = [*arguments, "--stack", self.stack]
        root = str(self._repository.root)
        return _pulumi().run(command, root, self._environment(), on_output).stdout

    def _environment(self) -> dict[str, str]:
        saves_at_end = self._repository.setting(self.stack, "checkpoints") == "end"
        return {"PULUMI_SKIP_CHECKPOINTS": "true"} if saves_at_end else {}

    def _export(self) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self._run("stack", "export"))
        return exported

    def _import(self, state: Mapping[str, Any]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(state, file)
            file.flush()
            self._run("stack", "import", f"--file={file.name}")


@cache
def _pulumi() -> automation.PulumiCommand:
    return automation.PulumiCommand()


@cache
def _select(root: Path, stack: str) -> None:
    _pulumi().run(["stack", "select", "--create", "--stack", stack], str(root), {})


class _Events:
    """Counts what the engine reports, and keeps what failed."""

    def __init__(self, watch: Watcher) -> None:
        self.counts: dict[str, int] = {}
        self.failures: list[str] = []
        self.refused_releases: list[Entry] = []
        self._releases: dict[str, Entry] = {}
        self._watch = watch

    def read(self, line: str) -> None:
        """Take one line of the engine's stream of events."""
        # What each object has become is most of the stream, and not needed.
        if line.startswith("{") and _OUTCOME not in line[:80]:
            self._take(automation.EngineEvent.from_json(json.loads(line)))

    def _take(self, event: automation.EngineEvent) -> None:
        if event.resource_pre_event:
            self._watch(event.resource_pre_event.metadata.urn)
            self._remember(event.resource_pre_event.metadata)
        if event.summary_event:
            self.counts = _counts(event.summary_event.resource_changes)
        diagnostic = event.diagnostic_event
        if diagnostic and diagnostic.severity == "error":
            self._keep(diagnostic.urn or "", diagnostic.message)

    def _remember(self, step: automation.StepEventMetadata) -> None:
        if step.new and step.type == RELEASE:
            self._releases[step.urn] = {
                "urn": step.urn,
                "type": step.type,
                "parent": step.new.parent,
                "provider": step.new.provider,
                "inputs": step.new.inputs or {},
            }

    def _keep(self, urn: str, message: str) -> None:
        reason = _plain(message)
        if urn in self._releases and any(words in reason for words in _REFUSALS):
            self.refused_releases.append(self._releases[urn])
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


def _sum(first: Mapping[str, int], then: Mapping[str, int]) -> dict[str, int]:
    changed = {word: count for word, count in first.items() if word != "same"}
    return {word: changed.get(word, 0) + then.get(word, 0) for word in {**changed, **then}}


def _plain(message: str) -> str:
    lines = (line.strip() for line in _without_markup(message).splitlines())
    return " ".join(line for line in lines if line)


def _without_markup(text: str) -> str:
    return re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", text)


def _reason(text: str) -> str:
    error = re.search(r"\berror: (.+)", _without_markup(text))
    return error[1].strip() if error else _plain(text)
