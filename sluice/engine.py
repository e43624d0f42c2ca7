"""The one place that knows Pulumi's Automation API: updates in, typed results out."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi import automation

from sluice.errors import DeploymentError, LockedError
from sluice.failures import is_failure, plain, sentence
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
        """Name the stack, which is made in the backend when it is first needed."""
        self._repository = repository
        self.stack = stack

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
        events = _Events(watch, str(self._repository.setting(self.stack, "context")))
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
            reasons = list(dict.fromkeys(events.failures)) or [_reason(str(error))]
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
        history = json.loads(self._ask("stack", "history", "--json", "--page-size=1", "--page=1"))
        environment = (history[0].get("environment") if history else None) or {}
        head = environment.get("git.head", "-")[:7]
        return f"{head}-dirty" if environment.get("git.dirty") == "true" else head

    def _run(self, *arguments: str, on_output: Callable[[str], None] | None = None) -> str:
        # automation.Stack runs a command before each one, and three after an update.
        command = [*arguments, "--stack", self.stack]
        root, environment = str(self._repository.root), self._environment()
        try:
            return _Pulumi().run([*command], root, environment, on_output).stdout
        except automation.StackNotFoundError:
            _Pulumi().run(["stack", "init", "--stack", self.stack], root, environment)
            return _Pulumi().run(command, root, environment, on_output).stdout

    def _ask(self, *arguments: str) -> str:
        try:
            return self._run(*arguments)
        except automation.ConcurrentUpdateError:
            raise
        except automation.CommandError as error:
            raise DeploymentError(f"{self.stack}: {_reason(str(error))}") from error

    def _environment(self) -> dict[str, str]:
        saves_at_end = self._repository.setting(self.stack, "checkpoints") == "end"
        return {"PULUMI_SKIP_CHECKPOINTS": "true"} if saves_at_end else {}

    def _export(self) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self._ask("stack", "export"))
        return exported

    def _import(self, state: Mapping[str, Any]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(state, file)
            file.flush()
            self._ask("stack", "import", f"--file={file.name}")


class _Pulumi(automation.PulumiCommand):
    """`pulumi` on PATH, which need not be asked for its version: the toolchain has done that."""

    def __init__(self) -> None:
        self.command, self.version = "pulumi", None


class _Events:
    """Counts what the engine reports, and keeps what failed."""

    def __init__(self, watch: Watcher, context: str) -> None:
        self.counts: dict[str, int] = {}
        self.failures: list[str] = []
        self.refused_releases: list[Entry] = []
        self._releases: dict[str, Entry] = {}
        self._watch = watch
        self._context = context

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
        if diagnostic and is_failure(diagnostic.severity, diagnostic.message):
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
        if urn in self._releases and any(words in message for words in _REFUSALS):
            self.refused_releases.append(self._releases[urn])
        reason = sentence(urn, message, self._context)
        if reason:
            self.failures.append(reason)


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


def _reason(text: str) -> str:
    error = re.search(r"error: (.+)", text)
    return plain(error[1] if error else text)
