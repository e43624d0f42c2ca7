"""An update, told in the stack's log: when it began, what it did to each object, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from components.errors import SluiceError
from sluice.diff.change import component_kind_of
from sluice.notification import run_log
from sluice.notification.event import Event
from sluice.notification.publication import publish
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.diff.change import Change
    from sluice.engine.outcome import Outcome

__all__ = ["log_changes", "logged", "say"]


def logged(stack: Stack, commit: str, what: str, update: Callable[[], Outcome]) -> Outcome:
    """Return what the update returns, written into the machine's log and told to the alerts.

    `what` is the word for it, such as `rollback: to deployment 3`.
    """
    action = what.partition(":")[0]
    say(stack, commit, "info", f"{what} began")
    try:
        outcome = update()
    except SluiceError as error:
        log_changes(stack, commit, getattr(error, "changes", ()))
        say(stack, commit, "error", f"{what} failed: {error}")
        publish(stack.repository, Event.of_error(stack.name, action, commit, error))
        raise
    log_changes(stack, commit, outcome.changes)
    say(stack, commit, "info", f"{what}: {outcome}")
    result = "changed" if outcome.changed else "unchanged"
    event = Event.of_update(
        *(
            stack.name,
            action,
            commit,
            result,
            f"{what}: {outcome}",
            outcome.changes,
            outcome.seconds,
        )
    )
    publish(stack.repository, event)
    return outcome


def say(stack: Stack, commit: str, level: run_log.Level, message: str) -> None:
    """Write a line on the stack as a whole."""
    run_log.append(stack, run_log.Line.now(level, stack.name, commit, "Stack", stack.name, message))


def log_changes(stack: Stack, commit: str, changes: Sequence[Change]) -> None:
    """Write a line on each object that was changed, or could not be."""
    for change in changes:
        done = f"{change.operation} {change.kind} {change.namespace}/{change.name}"
        moved = f", moved from {change.moved_from}" if change.moved_from else ""
        told = change.error or f"{done.replace(' /', ' ')}{moved}"
        level: run_log.Level = "error" if change.error else "info"
        line = run_log.Line.now(
            level, stack.name, commit, component_kind_of(change), change.component, told
        )
        run_log.append(stack, line)
