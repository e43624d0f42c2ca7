"""`sluice preview`: what an update would do, object by object, inside Helm releases too."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import click

from sluice import completion
from sluice.change import Change
from sluice.commands.options import output_option, show
from sluice.danger import loss, urgency
from sluice.differences import differences
from sluice.engine import Engine
from sluice.errors import DeploymentError
from sluice.reports import PlannedChange
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter
from sluice.suspension import suspensions
from sluice.tables import table

__all__ = ["preview"]

_HEADERS = ("STACK", "OPERATION", "COMPONENT", "OBJECT", "FIELDS", "LOST WITH IT")
_SHOWN_FIELDS = 3


@click.command()
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@output_option("table", "json", "yaml")
@in_repository
def preview(repository: Repository, stacks: tuple[str, ...], output: str) -> None:
    """Show what `sluice up` would do to STACKS, or to all, object by object.

    The objects of a Helm release that changes are shown below it. What loses
    data comes first. What is suspended is left out. Nothing is changed.

    \b
    Example:
      sluice preview dev
      sluice preview -o json
    """
    enter(repository)
    rows: list[PlannedChange] = []
    for stack in repository.chosen(stacks):
        rows += _previewed(repository, stack)
    if output != "table":
        show(rows, output)
    elif rows:
        click.echo(table(_HEADERS, [_cells(row) for row in rows]))
    else:
        click.echo("Nothing to do: every stack is as it is declared.")


def _previewed(repository: Repository, stack: str) -> list[PlannedChange]:
    suspended = {each.component: each for each in suspensions(repository, stack)}
    for name, each in suspended.items():
        click.echo(f"{stack}{f' {name}' if name else ''}: left out, {each}", err=True)
    if "" in suspended:
        return []
    groups = _grouped(repository, stack, _changes(repository, stack, suspended))
    # A release and its objects stay together, by the most urgent of them.
    groups.sort(key=lambda group: min(urgency(row.operation, row.kind) for row in group))
    return [row for group in groups for row in group]


def _changes(repository: Repository, stack: str, suspended: Collection[str]) -> Sequence[Change]:
    try:
        return Engine(repository, stack).preview(exclude=suspended).changes
    except DeploymentError as error:
        failed = [change for change in error.changes if change.error]
        if not failed or any(change.operation != "replace" for change in failed):
            raise
        # The object is still there in a preview, where an update has deleted it first.
        for change in failed:
            click.echo(
                f"{stack}: {change.kind} {change.name}: a dry run cannot replace it, so what waits "
                "for it is not shown; an update can",
                err=True,
            )
        return error.changes


def _grouped(
    repository: Repository, stack: str, changes: Sequence[Change]
) -> list[list[PlannedChange]]:
    releases = tuple(change.component for change in changes if change.kind == "Release")
    inside: dict[str, list[PlannedChange]] = {}
    if releases:
        compared, unknown = differences(repository, stack, releases)
        for each in compared.differences:
            if each.release:
                identity = each.identity
                row = PlannedChange(
                    *(stack, each.operation, each.component, each.release),
                    *(identity.kind, identity.namespace, identity.name),
                    *([path for path, *_ in each.fields], each.loss, each.note),
                )
                inside.setdefault(each.component, []).append(row)
        for release, reason in unknown.items():
            click.echo(f"{stack}: the objects of {release} are not shown: {reason}", err=True)
    for rows in inside.values():
        rows.sort(key=lambda row: urgency(row.operation, row.kind))
    return [
        [_row(stack, change), *(inside.get(change.component, ()) if _is_release(change) else ())]
        for change in changes
    ]


def _is_release(change: Change) -> bool:
    return change.kind == "Release"


def _row(stack: str, change: Change) -> PlannedChange:
    return PlannedChange(
        *(stack, change.operation, change.component, ""),
        *(change.kind, change.namespace, change.name),
        *(list(change.fields), loss(change.operation, change.kind), ""),
    )


def _cells(row: PlannedChange) -> tuple[str, ...]:
    path = f"{row.namespace}/{row.name}" if row.namespace else row.name
    inside = "└ " if row.release else ""
    more = len(row.fields) - _SHOWN_FIELDS
    fields = [*row.fields[:_SHOWN_FIELDS], *([f"and {more} more"] if more > 0 else [])]
    shown = [*fields, *([row.note] if row.note else [])]
    where = (row.stack, row.operation, row.component)
    return (*where, f"{inside}{row.kind} {path}", ", ".join(shown), row.loss)
