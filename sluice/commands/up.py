"""`sluice up`: deploy what is checked out, stack after stack."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import in_repository, wait_option
from sluice.console.progress import progress
from sluice.errors import SuspendedError
from sluice.notification.update_log import logged
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.suspension import left_out
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.engine.engine import Engine
    from sluice.engine.events import Watcher
    from sluice.engine.outcome import Outcome

__all__ = ["up"]


@click.command()
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@click.option(
    "--refresh/--no-refresh",
    default=True,
    help="Whether what was changed by hand is put back.  [default: refresh]",
)
@wait_option
@in_repository
def up(repository: Repository, stacks: tuple[str, ...], refresh: bool, wait: timedelta) -> None:
    """Deploy the working tree to STACKS, or to all, in their order.

    Each stack comes after the one that it follows. What is suspended is left out. A
    stack that fails ends the run; what was applied stays in the state, and running
    it again goes on from there.

    \b
    Example:
      sluice up
      sluice up dev --no-refresh
    """
    from sluice.engine.engine import Engine  # noqa: PLC0415 - not needed for --help

    enter(repository)
    exclusions = dict(_not_suspended(repository, stacks))
    if not exclusions:
        raise SuspendedError("every stack is suspended; run `sluice resume STACK` first")
    chosen = list(exclusions)
    threading.Thread(target=_load, daemon=True).start()
    outcomes = [
        _deploy(Engine(stack, wait=wait), exclude, refresh=refresh)
        for stack, exclude in exclusions.items()
    ]
    click.echo()
    click.echo(_table(chosen))
    if not any(outcome.changed for outcome in outcomes):
        click.echo("\nNothing to do: every stack is as it is declared.")


# What comes after the update is loaded while Pulumi runs, which takes longer.
_LATER = (
    "sluice.drift.after_update",
    "sluice.reconciliation.health",
    "sluice.commands.get",
    "sluice.inventory.deployed",
    "sluice.status.rows",
)


def _load() -> None:
    for module in _LATER:
        importlib.import_module(module)


def _healthy(
    stack: Stack,
    outcome: Outcome,
    watch: Watcher,
    exclude: Collection[str],
) -> Outcome:
    from sluice.reconciliation.health import healthy  # noqa: PLC0415 - see _LATER

    return healthy(stack, outcome, watch, exclude=exclude)


def _put_back(stack: Stack, outcome: Outcome) -> Outcome:
    from sluice.drift.after_update import put_back  # noqa: PLC0415 - see _LATER

    return put_back(stack, outcome)


def _table(stacks: Sequence[Stack]) -> str:
    from sluice.commands.get import rows_as_table  # noqa: PLC0415 - see _LATER
    from sluice.status.rows import deployed_rows  # noqa: PLC0415 - see _LATER

    return rows_as_table(deployed_rows(stacks))


def _not_suspended(
    repository: Repository, named: tuple[str, ...]
) -> Iterator[tuple[Stack, list[str]]]:
    """Yield each stack to deploy, with the components that are left out."""
    for stack in repository.chosen(named):
        try:
            entries = left_out(stack)
        except SuspendedError as error:
            if named:
                raise
            click.echo(f"{stack}: left out: {error}")
            continue
        for entry in entries:
            click.echo(f"{stack}: {entry.component} is left out: {entry}")
        yield stack, [entry.component for entry in entries]


def _deploy(engine: Engine, exclude: Collection[str], *, refresh: bool) -> Outcome:
    stack = engine.stack

    def update(watch: Watcher) -> Outcome:
        outcome = engine.up(refresh=refresh, watch=watch, exclude=exclude)
        outcome = _put_back(stack, outcome) if refresh else outcome
        return _healthy(stack, outcome, watch, exclude)

    with progress(stack) as watch:
        # The working tree's files are no commit's.
        outcome = logged(stack, "", "up", lambda: update(watch))
    click.echo(f"{stack}: {outcome}")
    return outcome
