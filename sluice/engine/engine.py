"""The one place that runs Pulumi's updates: what is wanted in, typed results out."""

from __future__ import annotations

import json
import logging
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import tenacity

from components.runtime.suspension import LEFT_OUT
from sluice.backend import command as pulumi_command
from sluice.backend.command import CommandError, ConcurrentUpdateError, StackNotFoundError
from sluice.backend.local_state import LocalState
from sluice.backend.messages import plain
from sluice.backend.secret_values import Entry
from sluice.backend.state import Resource, StackState
from sluice.diff.change import Change
from sluice.engine.events import Events, Watcher
from sluice.engine.program import warm_program
from sluice.engine.tenants import write_kubeconfigs
from sluice.errors import DeploymentError, GiteaError, LockedError
from sluice.recovery.recovery import Recovery
from sluice.recovery.shared_lock import SharedLock, holders
from sluice.stack.process_lock import WAIT, held
from sluice.stack.repository import Repository
from sluice.stack.suspension import suspensions

if TYPE_CHECKING:
    from sluice.gitea.records import Run

__all__ = ["Engine", "Outcome", "Resource"]

PARALLEL = 64
T = TypeVar("T")
_LONGEST_PAUSE = timedelta(seconds=5)
_LOG = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What an update did, or a preview would do.

    Attributes:
        stack: the stack.
        counts: resources by what happened: `create`, `update`, `replace`, `delete`, `same`.
        seconds: how long it took.
        changes: what happened to each object that did not stay the same, in its order.

    """

    stack: str
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    changes: list[Change] = field(default_factory=list)

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

    def __init__(
        self,
        repository: Repository,
        stack: str,
        *,
        wait: timedelta = WAIT,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Name the stack, which is made in the backend when it is first needed.

        `wait` is how long what changes it waits for another's update to end;
        `environment` is what the program's processes get beside this one's.
        """
        self._repository = repository
        self.stack = stack
        self._wait = wait
        self._variables = environment or {}

    @property
    def repository(self) -> Repository:
        """The checkout whose program it runs."""
        return self._repository

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
        recovery = Recovery(self._repository, self.stack, self._export, self._import)
        left_out = self._left_out(target, exclude)

        def update() -> Outcome:
            refreshing = recovery.before_update() or refresh
            write_kubeconfigs(self._repository, self.stack)
            return self._update(recovery, watch, [*chosen, *noted], left_out, refresh=refreshing)

        outcome = self._alone("up", update, recovery.remember)
        recovery.after_success()
        outcome.seconds = time.monotonic() - started
        return outcome

    def _alone(
        self, what: str, change: Callable[[], T], on_takeover: Callable[[], None] = lambda: None
    ) -> T:
        """Change the stack while no other `sluice` does, and after any plain `pulumi`."""
        lock = SharedLock(self._ask, self._run_of_pipeline)
        is_shared = LocalState.of(self._repository, self.stack) is None

        def wait(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if is_shared and lock.take_over(holders(plain(str(error)))):
                _LOG.warning("%s: the run that held it has ended; took its lock", self.stack)
                on_takeover()
            elif state.attempt_number == 1:
                _LOG.warning("%s: waiting: %s", self.stack, _holder(error))

        with (
            held(self._repository, self.stack, what, wait=self._wait),
            lock.announced() if is_shared else nullcontext(),
        ):
            try:
                return tenacity.Retrying(
                    retry=tenacity.retry_if_exception_type(ConcurrentUpdateError),
                    # Two that began together, and both gave up, do not begin together again.
                    wait=tenacity.wait_random_exponential(max=_LONGEST_PAUSE),
                    stop=tenacity.stop_before_delay(self._wait),
                    before_sleep=wait,
                    reraise=True,
                )(change)
            except ConcurrentUpdateError as error:
                raise LockedError(f"{self.stack}: {_holder(error)}; wait for it to end") from error

    def _run_of_pipeline(self, number: int) -> Run | None:
        from sluice.gitea.client import Gitea  # noqa: PLC0415 - only where a shared stack is locked

        gitea = Gitea.find(self._repository)
        try:
            return gitea.run(number) if gitea else None
        except GiteaError as error:
            _LOG.warning("%s: run %d cannot be asked for: %s", self.stack, number, error)
            return None

    def _update(
        self,
        recovery: Recovery,
        watch: Watcher,
        options: Sequence[str],
        left_out: Collection[str],
        *,
        refresh: bool,
    ) -> Outcome:
        events = self._events(watch)
        refreshing = ["--refresh"] if refresh else []
        try:
            with self._program(left_out) as client:
                self._run(
                    *("up", "--yes", "--skip-preview", "--json", f"--parallel={PARALLEL}"),
                    *(*client, *refreshing, *self._on_error(), *options),
                    left_out=left_out,
                    on_output=events.read,
                )
        except ConcurrentUpdateError:
            raise
        except CommandError as error:
            if recovery.after_failure(events.refused_releases):
                again = self._update(recovery, watch, options, left_out, refresh=True)
                again.counts = _sum(events.counts, again.counts)
                again.changes = [*events.changes(), *again.changes]
                return again
            failure = self._failure(events, error)
            rest = self._without(events.lost_clusters)
            if rest and not set(rest) <= set(options):
                again = self._update(recovery, watch, [*options, *rest], left_out, refresh=refresh)
                failure.changes = [*failure.changes, *again.changes]
            raise failure from error
        return Outcome(self.stack, events.counts, changes=events.changes())

    def _without(self, clusters: Collection[str]) -> list[str]:
        """Return the options that leave out what is on these of the stack's other clusters."""
        # A refresh ends at the first cluster that does not answer, whatever is asked for.
        stack = f"urn:pulumi:{self.stack}::{self._repository.project}::**"
        names = [name for each in sorted(clusters) for name in (f"**@{each}", f"**@{each}:**")]
        return [f"--exclude={stack}::{name}" for name in names]

    def _on_error(self) -> list[str]:
        """Return the option by which one of several clusters fails alone."""
        programs = (self._repository.root / "stacks").glob("*.py")
        several = any("Cluster(" in file.read_text() for file in programs)
        return ["--continue-on-error"] if several else []

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
        left_out = self._left_out(target, exclude)
        write_kubeconfigs(self._repository, self.stack, looks_only=True)
        try:
            with self._program(left_out) as client:
                self._run(
                    *("preview", "--json", f"--parallel={PARALLEL}", *client),
                    *(["--refresh"] if refresh else []),
                    *self._chosen("--target", target),
                    *self._chosen("--exclude", exclude),
                    left_out=left_out,
                    on_output=events.read,
                )
        except CommandError as error:
            raise self._failure(events, error) from error
        return Outcome(self.stack, events.counts, time.monotonic() - started, events.changes())

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
        write_kubeconfigs(self._repository, self.stack)
        try:
            self._alone("destroy", lambda: self._run(*command, *noted, on_output=events.read))
        except CommandError as error:
            raise self._failure(events, error) from error
        return Outcome(self.stack, events.counts, time.monotonic() - started, events.changes())

    def _events(self, watch: Watcher) -> Events:
        return Events(watch, str(self._repository.setting(self.stack, "context")))

    def _failure(self, events: Events, error: CommandError) -> DeploymentError:
        reasons = list(dict.fromkeys(events.failures)) or [_reason(str(error))]
        return DeploymentError(f"{self.stack}: " + "\n  ".join(reasons), events.changes())

    def _chosen(self, option: str, components: Collection[str]) -> list[str]:
        # A component, and its objects, which are named after it.
        stack = f"urn:pulumi:{self.stack}::{self._repository.project}::**"
        return [f"{option}={stack}::{name}" for each in components for name in (each, f"{each}:**")]

    def _left_out(self, target: Collection[str], exclude: Collection[str]) -> Collection[str]:
        if not target:
            return exclude
        suspended = [entry.component for entry in suspensions(self._repository, self.stack)]
        return [name for name in suspended if name not in target]

    def resources(self) -> list[Resource]:
        """Return what the stack's state holds; nothing where it was never deployed."""
        return StackState(self._repository, self.stack).resources()

    def state_in_clear(self) -> list[Entry]:
        """Return the state's resources with their secrets decrypted, which are never to be shown.

        A stack that was never deployed has none, and is not made.
        """
        exported = self._in_clear("stack", "export", "--show-secrets") or {}
        found = (exported.get("deployment") or {}).get("resources") or ()
        return [entry for entry in found if not entry.get("delete")]

    def secret_settings(self) -> dict[str, str]:
        """Return the secrets of the stack's configuration by full key, decrypted."""
        found = self._in_clear("config", "--show-secrets", "--json") or {}
        return {key: str(each["value"]) for key, each in found.items() if each["secret"]}

    def _in_clear(self, *arguments: str) -> Any:
        command = [*arguments, "--stack", self.stack]
        try:
            text = pulumi_command.run(command, self._repository.root, self._environment())
        except StackNotFoundError:
            return None
        except CommandError as error:
            raise DeploymentError(f"{self.stack}: {_reason(str(error))}") from error
        return json.loads(text)

    def history(self, *, newest: int = 0) -> Sequence[Mapping[str, Any]]:
        """Return the updates as Pulumi tells them, newest first; only the `newest`, if given."""
        return StackState(self._repository, self.stack).history(newest=newest)

    def commit(self) -> str:
        """Return the last update's commit, `-dirty` where files differed from it, or `-`."""
        history = self.history(newest=1)
        environment = (history[0].get("environment") if history else None) or {}
        head = str(environment.get("git.head", "-"))[:7]
        return f"{head}-dirty" if environment.get("git.dirty") == "true" else head

    def _run(
        self,
        *arguments: str,
        left_out: Collection[str] = (),
        on_output: Callable[[str], None] | None = None,
    ) -> str:
        local = LocalState.of(self._repository, self.stack)
        if local is None or local.is_made:
            with suppress(StackNotFoundError):
                return self._pulumi(arguments, left_out, on_output)
        # Without it, Pulumi would ask for a passphrase whatever the stack's file says.
        provider = self._repository.secrets_provider(self.stack)
        key = [f"--secrets-provider={provider}"] if provider else []
        try:
            self._pulumi(["stack", "init", *key])
        except CommandError as error:
            if "already exists" not in str(error):  # another process has made it meanwhile
                raise
        return self._pulumi(arguments, left_out, on_output)

    def _pulumi(
        self,
        arguments: Sequence[str],
        left_out: Collection[str] = (),
        on_output: Callable[[str], None] | None = None,
    ) -> str:
        # automation.Stack runs a command before each one, and three after an update.
        command = [*arguments, "--stack", self.stack]
        environment = self._environment(left_out)
        return pulumi_command.run(command, self._repository.root, environment, on_output)

    def _ask(self, *arguments: str) -> str:
        with self._explained():
            return self._run(*arguments)

    def read(self, *arguments: str) -> Any:
        """Return what Pulumi answers, as JSON; None where the stack was never made."""
        with self._explained():
            try:
                return json.loads(self._pulumi(arguments))
            except StackNotFoundError:
                return None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ConcurrentUpdateError:
            raise
        except CommandError as error:
            raise DeploymentError(f"{self.stack}: {_reason(str(error))}") from error

    def _program(self, left_out: Collection[str]) -> AbstractContextManager[list[str]]:
        """Start the program, which loads what it needs while Pulumi starts."""
        return warm_program(self._repository, self._environment(left_out))

    def _environment(self, left_out: Collection[str] = ()) -> dict[str, str]:
        saves_at_end = self._repository.setting(self.stack, "checkpoints") == "end"
        return {
            # Else a preview tells everything at its end.
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
            **({"PULUMI_SKIP_CHECKPOINTS": "true"} if saves_at_end else {}),
            **self._variables,
            LEFT_OUT: " ".join(left_out),
        }

    def _export(self) -> dict[str, Any]:
        """Return the state, of a stack that is made where it was not."""
        local = LocalState.of(self._repository, self.stack)
        exported = local.exported() if local else None
        return exported or json.loads(self._ask("stack", "export"))

    def _import(self, state: Mapping[str, Any]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(state, file)
            file.flush()
            self._ask("stack", "import", f"--file={file.name}")


def _sum(first: Mapping[str, int], then: Mapping[str, int]) -> dict[str, int]:
    changed = {word: count for word, count in first.items() if word != "same"}
    return {word: changed.get(word, 0) + then.get(word, 0) for word in {**changed, **then}}


def _holder(error: BaseException | None) -> str:
    holder = re.search(r"created by \S+ \(pid \d+\) at \S+", plain(str(error)))
    return f"{_reason(str(error))} ({holder[0]})" if holder else _reason(str(error))


def _reason(text: str) -> str:
    error = re.search(r"error: (.+)", text)
    return plain(error[1] if error else text)
