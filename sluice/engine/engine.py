"""The one place that runs Pulumi's updates: what is wanted in, typed results out."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cached_property
from typing import Any

from components.lib.state.deployed import STATE
from components.runtime.suspension import LEFT_OUT
from sluice.backend.command import CommandError, ConcurrentUpdateError, KilledError
from sluice.backend.pulumi import Pulumi, reason
from sluice.engine.events import Events, Watcher, nobody
from sluice.engine.exclusive import Exclusive
from sluice.engine.outcome import Outcome, summed
from sluice.engine.program import warm_program
from sluice.engine.pruning import Pruning, asking_by_file
from sluice.engine.tenants import write_kubeconfigs
from sluice.errors import CancelledError, DeploymentError
from sluice.recovery.recovery import Recovery
from sluice.stack.process_lock import WAIT
from sluice.stack.settings import Settings
from sluice.stack.stack import Stack

__all__ = ["Engine"]

PARALLEL = 64
# Its option to log events is one of Pulumi's debugging.
_JOURNALED = {"PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_DEBUG_COMMANDS": "true"}


class Engine:
    """Pulumi's updates of one stack."""

    def __init__(
        self,
        stack: Stack,
        *,
        wait: timedelta = WAIT,
        environment: Mapping[str, str] | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Name the stack, which is made in the backend when it is first needed.

        `wait` is how long what changes it waits for another's update to end;
        `environment` is what the program's processes get beside this one's; `check`
        is called each time that an update is about to begin, and may raise.
        """
        self.stack = stack
        self._wait = wait
        self._variables = environment or {}
        self._check = check

    def up(
        self,
        *,
        refresh: bool = True,
        watch: Watcher = lambda _moment: None,
        target: Collection[str] = (),
        exclude: Collection[str] = (),
        message: str = "",
    ) -> Outcome:
        """Apply what is declared; with `refresh`, what was changed by hand is put back too.

        `target` names the only components that are touched, `exclude` those
        that are left out; `message` is kept in Pulumi's history.

        Raises:
            DeploymentError: with each reason; what was applied is in the state.
            LockedError: where another update of the stack is still running after the wait.

        """
        chosen = [*self._chosen("--target", target), *self._chosen("--exclude", exclude)]
        noted = [f"--message={message}"] if message else []
        started = time.monotonic()
        recovery = Recovery(self.stack, self._pulumi.local, self._export, self._import)
        left_out = self._left_out(target, exclude)

        def update() -> Outcome:
            if self._check:
                self._check()
            refreshing = recovery.before_update() or refresh
            write_kubeconfigs(self.stack)
            options = [*chosen, *noted]
            with asking_by_file(self.stack, self._export, self._import) as pruning:
                done = self._update(recovery, pruning, watch, options, left_out, refresh=refreshing)
                pruning.finish()
                return pruning.told(done)

        try:
            outcome = self._exclusive.run("up", update, recovery.remember)
        except CancelledError:
            recovery.remember()
            raise
        recovery.after_success()
        outcome.seconds = time.monotonic() - started
        return outcome

    def _update(
        self,
        recovery: Recovery,
        pruning: Pruning,
        watch: Watcher,
        options: Sequence[str],
        left_out: Collection[str],
        *,
        refresh: bool,
    ) -> Outcome:
        events = self._events(watch, pruning.answer)
        refreshing = ["--refresh"] if refresh else []
        journaled = [recovery.journal.begin()] if recovery.journal else []
        try:
            with self._program(left_out, pruning) as client:
                self._pulumi.run(
                    *("up", "--yes", "--skip-preview", "--json", f"--parallel={PARALLEL}"),
                    *(*client, *refreshing, *journaled, *self._on_error(), *options),
                    environment=self._to_program(left_out, pruning),
                    on_output=events.read,
                )
        except ConcurrentUpdateError:
            raise
        except CommandError as error:
            if pruning.error:
                raise pruning.error from error
            if pruning.is_overtaken:
                pruning.let_go()
                return self._update(recovery, pruning, watch, options, left_out, refresh=refresh)
            if recovery.after_update([*events.refused_releases, *events.unfinished_releases]):
                return self._again(events, recovery, pruning, watch, options, left_out)
            failure = self._failure(events, error)
            rest = self._without(events.lost_clusters)
            if rest and not set(rest) <= set(options):
                options = [*options, *rest]
                again = self._update(recovery, pruning, watch, options, left_out, refresh=refresh)
                failure.changes = [*failure.changes, *again.changes]
            raise failure from error
        if recovery.after_update(events.unfinished_releases):
            return self._again(events, recovery, pruning, watch, options, left_out)
        return Outcome(self.stack.name, events.counts, changes=events.changes())

    def _again(
        self,
        events: Events,
        recovery: Recovery,
        pruning: Pruning,
        watch: Watcher,
        options: Sequence[str],
        left_out: Collection[str],
    ) -> Outcome:
        again = self._update(recovery, pruning, watch, options, left_out, refresh=True)
        again.counts = summed(events.counts, again.counts)
        again.changes = [*events.changes(), *again.changes]
        return again

    def preview(
        self,
        *,
        refresh: bool = False,
        watch: Watcher = lambda _moment: None,
        target: Collection[str] = (),
        exclude: Collection[str] = (),
    ) -> Outcome:
        """Return what `up` would do; nothing is changed, and no lock is taken.

        Raises:
            DeploymentError: with each reason for which it would fail.

        """
        started = time.monotonic()
        events = self._events(watch)
        with asking_by_file(self.stack, self._export, self._import) as pruning:
            self._preview(events, pruning, target, exclude, ["--refresh"] if refresh else [])
            pruning.find()
            outcome = Outcome(self.stack.name, events.counts, changes=events.changes())
            outcome = pruning.told(outcome)
        outcome.seconds = time.monotonic() - started
        return outcome

    def _preview(
        self,
        events: Events,
        pruning: Pruning,
        target: Collection[str],
        exclude: Collection[str],
        options: Sequence[str],
    ) -> None:
        left_out = self._left_out(target, exclude)
        write_kubeconfigs(self.stack, looks_only=True)
        try:
            with self._program(left_out, pruning) as client:
                self._pulumi.run(
                    *("preview", "--json", f"--parallel={PARALLEL}", *client),
                    *options,
                    *self._chosen("--target", target),
                    *self._chosen("--exclude", exclude),
                    environment=self._to_program(left_out, pruning),
                    on_output=events.read,
                )
        except CommandError as error:
            raise self._failure(events, error) from error

    def adopt(self, component: str, *, exclude: Collection[str] = ()) -> list[str]:
        """Take a component's Helm releases into the state that are there and not in it.

        Nothing is changed in the cluster, but for records that a killed Helm left unfinished.
        Returns those that were taken, as `namespace/name`.

        Raises:
            DeploymentError: with each reason for which the stack cannot be previewed.
            LockedError: where another update of the stack is still running after the wait.

        """
        events = self._events(lambda _moment: None)
        with asking_by_file(self.stack, self._export, self._import) as pruning:
            self._preview(events, pruning, (), exclude, ())
        recovery = Recovery(self.stack, self._pulumi.local, self._export, self._import)
        found = [(each, events.above(each)) for each in events.new_releases(component)]
        return self._exclusive.run("adopt", lambda: recovery.adopt(found))

    def destroy(self, *, watch: Watcher = lambda _moment: None, message: str = "") -> Outcome:
        """Delete everything that the stack made; the stack itself and its history stay.

        Raises:
            DeploymentError: with each reason; what was deleted is out of the state.
            LockedError: where another update of the stack is still running after the wait.

        """
        started = time.monotonic()
        events = self._events(watch)
        command = ("destroy", "--yes", "--skip-preview", "--json", f"--parallel={PARALLEL}")
        noted = [f"--message={message}"] if message else []
        write_kubeconfigs(self.stack)
        try:
            self._exclusive.run(
                "destroy", lambda: self._pulumi.run(*command, *noted, on_output=events.read)
            )
        except CommandError as error:
            raise self._failure(events, error) from error
        seconds = time.monotonic() - started
        return Outcome(self.stack.name, events.counts, seconds, events.changes())

    @cached_property
    def _settings(self) -> Settings:
        return self.stack.settings()

    @cached_property
    def _pulumi(self) -> Pulumi:
        return self.stack.pulumi(
            {
                # Else a preview tells everything at its end.
                "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
                # The state is saved once; until then the journal has what is being made.
                **(_JOURNALED if self.stack.local_state() else {}),
                **self._variables,
                **_leaving_out(()),
            }
        )

    @property
    def _exclusive(self) -> Exclusive:
        return Exclusive(self.stack, self._pulumi, self._wait)

    def _to_program(self, left_out: Collection[str], pruning: Pruning) -> Mapping[str, str]:
        local = self._pulumi.local
        # Where a state is in no file that can be read, the program asks Pulumi.
        is_read = local and (local.checkpoint.exists() or not local.is_made)
        file = {STATE: str(local.checkpoint)} if local and is_read else {}
        return {**_leaving_out(left_out), **pruning.environment, **file}

    def _program(
        self, left_out: Collection[str], pruning: Pruning
    ) -> AbstractContextManager[list[str]]:
        """Start the program, which loads what it needs while Pulumi starts."""
        environment = {**self._pulumi.environment, **self._to_program(left_out, pruning)}
        return warm_program(self.stack.repository, environment)

    def _events(self, watch: Watcher, on_question: Callable[[], None] = nobody) -> Events:
        return Events(watch, self._settings.context, on_question)

    def _failure(self, events: Events, error: CommandError) -> DeploymentError:
        why = reason(str(error))
        reasons = list(dict.fromkeys(events.failures)) or [why]
        if isinstance(error, KilledError):
            reasons = list(dict.fromkeys([why, *reasons]))
        return DeploymentError(f"{self.stack}: " + "\n  ".join(reasons), events.changes())

    def _chosen(self, option: str, components: Collection[str]) -> list[str]:
        # A component, and its objects, which are named after it.
        return [f"{option}={self._urn(n)}" for each in components for n in (each, f"{each}:**")]

    def _without(self, clusters: Collection[str]) -> list[str]:
        """Return the options that leave out what is on these of the stack's other clusters."""
        # A refresh ends at the first cluster that does not answer, whatever is asked for.
        names = [name for each in sorted(clusters) for name in (f"**@{each}", f"**@{each}:**")]
        return [f"--exclude={self._urn(name)}" for name in names]

    def _urn(self, name: str) -> str:
        """Return the pattern of the URNs of resources with a name, whatever their type."""
        return f"urn:pulumi:{self.stack}::{self.stack.repository.project}::**::{name}"

    def _on_error(self) -> list[str]:
        """Return the option by which one of several clusters fails alone."""
        programs = (self.stack.repository.root / "stacks").glob("*.py")
        several = any("Cluster(" in file.read_text() for file in programs)
        return ["--continue-on-error"] if several else []

    def _left_out(self, target: Collection[str], exclude: Collection[str]) -> Collection[str]:
        if not target:
            return exclude
        suspended = [entry.component for entry in self.stack.suspensions()]
        return [name for name in suspended if name not in target]

    def _export(self) -> dict[str, Any]:
        """Return the state, of a stack that is made where it was not."""
        exported = self._pulumi.local.exported() if self._pulumi.local else None
        return exported or json.loads(self._pulumi.ask("stack", "export"))

    def _import(self, state: Mapping[str, Any]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(state, file)
            file.flush()
            self._pulumi.ask("stack", "import", f"--file={file.name}")


def _leaving_out(components: Collection[str]) -> dict[str, str]:
    return {LEFT_OUT: " ".join(components)}
