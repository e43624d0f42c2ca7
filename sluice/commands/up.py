"""`sluice up`: deploy what is checked out, stack after stack."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from sluice import completion
from sluice.commands.get import deployed_rows, rows_as_table
from sluice.engine import Engine, Outcome
from sluice.events import Watcher
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter

__all__ = ["up"]


@click.command()
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@click.option(
    "--refresh/--no-refresh",
    default=True,
    help="Whether what was changed by hand is put back.  [default: refresh]",
)
@in_repository
def up(repository: Repository, stacks: tuple[str, ...], refresh: bool) -> None:
    """Deploy the working tree to STACKS, or to all, each after the one that it follows.

    A stack that fails ends the run; what was applied stays in the state, and
    running it again goes on from there.

    \b
    Example:
      sluice up
      sluice up dev --no-refresh
    """
    enter(repository)
    chosen = repository.chosen(stacks)
    outcomes = [_deploy(repository, stack, refresh=refresh) for stack in chosen]
    click.echo()
    click.echo(rows_as_table(deployed_rows(repository, chosen)))
    if not any(outcome.changed for outcome in outcomes):
        click.echo("\nNothing to do: every stack is as it is declared.")


def _deploy(repository: Repository, stack: str, *, refresh: bool) -> Outcome:
    engine = Engine(repository, stack)
    with _progress(stack) as watch:
        outcome = engine.up(refresh=refresh, watch=watch)
    click.echo(f"{stack}: {outcome}")
    return outcome


@contextmanager
def _progress(stack: str) -> Iterator[Watcher]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _urn: None
        return
    started, seen = time.monotonic(), set[str]()
    with console.status(f"{stack}: starting") as status:

        def watch(urn: str) -> None:
            seen.add(urn)
            elapsed = time.monotonic() - started
            name = urn.rpartition("::")[2]
            status.update(f"{stack}: {len(seen)} resources, {elapsed:.0f} s, now {name}")

        yield watch
