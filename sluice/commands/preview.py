"""`sluice preview`: what an update would do, object by object, inside Helm releases too."""

from __future__ import annotations

import click

from sluice.console import completion
from sluice.console.options import in_repository, output_option, show
from sluice.console.tables import table
from sluice.declaration.desired import DesiredState
from sluice.diff.change import VERBS, PlannedChange
from sluice.plan.planning import plan
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["preview"]

_HEADERS = ("STACK", "OPERATION", "COMPONENT", "OBJECT", "FIELDS", "LOST WITH IT")
_SHOWN_FIELDS = 3


@click.command()
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@output_option("table", "json", "yaml")
@in_repository
def preview(repository: Repository, stacks: tuple[str, ...], output: str) -> None:
    """Show what `sluice up` would do to STACKS, object by object.

    To all stacks, where none is named. The objects of a Helm release that changes
    are shown below it. What loses data comes first. What is suspended is left out.
    Nothing is changed.

    \b
    Example:
      sluice preview dev
      sluice preview -o json
    """
    enter(repository)
    rows: list[PlannedChange] = []
    for stack in repository.chosen(stacks):
        found = plan(DesiredState(stack))
        rows += found.changes
        for note in found.notes:
            click.echo(f"{stack}: {note}", err=True)
    if output != "table":
        show(rows, output)
    elif rows:
        click.echo(table(_HEADERS, [_cells(row) for row in rows]))
    else:
        click.echo("Nothing to do: every stack is as it is declared.")


def _cells(row: PlannedChange) -> tuple[str, ...]:
    path = f"{row.namespace}/{row.name}" if row.namespace else row.name
    inside = "└ " if row.release else ""
    more = len(row.fields) - _SHOWN_FIELDS
    paths = [field.path for field in row.fields[:_SHOWN_FIELDS]]
    fields = [*paths, *([f"and {more} more"] if more > 0 else [])]
    moved = [f"moved from {row.moved_from}"] if row.moved_from else []
    shown = [*fields, *moved, *([row.note] if row.note else []), *row.findings]
    where = (row.stack, VERBS[row.operation], row.component)
    return (*where, f"{inside}{row.kind} {path}", ", ".join(shown), row.loss)
