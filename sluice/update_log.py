"""An update, told in the stack's log: when it began, what it did to each object, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from components.errors import SluiceError
from sluice import run_log
from sluice.engine import Outcome
from sluice.events import Change
from sluice.repository import Repository

__all__ = ["logged"]


def logged(
    repository: Repository, stack: str, commit: str, what: str, update: Callable[[], Outcome]
) -> Outcome:
    """Return what the update returns, and write it into the log of the repository's machine.

    `what` is the word for it, such as `rollback to deployment 3`.
    """

    def say(level: run_log.Level, kind: str, name: str, message: str) -> None:
        run_log.append(repository, run_log.Line.now(level, stack, commit, kind, name, message))

    def tell(changes: Sequence[Change]) -> None:
        for change in changes:
            done = f"{change.operation} {change.kind} {change.namespace}/{change.name}"
            told = change.error or done.replace(" /", " ")
            say("error" if change.error else "info", _kind(change), change.component, told)

    say("info", "Stack", stack, f"{what} began")
    try:
        outcome = update()
    except SluiceError as error:
        tell(getattr(error, "changes", ()))
        say("error", "Stack", stack, f"{what} failed: {error}")
        raise
    tell(outcome.changes)
    say("info", "Stack", stack, f"{what}: {outcome}")
    return outcome


def _kind(change: Change) -> str:
    types = change.urn.split("::")[2].split("$")
    ours = [each.rpartition(":")[2] for each in types if each.startswith("sluice:")]
    return ours[-1] if ours else change.kind
