"""`sluice get`: what runs where."""

from __future__ import annotations

import json

import click

from sluice.inventory import Row, inventory
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter
from sluice.tables import table

__all__ = ["get", "rows_as_table"]

_HEADERS = ("STACK", "COMPONENT", "KIND", "VERSION", "READY", "COMMIT", "MESSAGE")


@click.group()
def get() -> None:
    """Show what is deployed, and whether it is ready.

    \b
    Example:
      sluice get all --stack dev
    """


@get.command("all")
@click.option("--stack", "stacks", multiple=True, help="Only this stack; may be given again.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@in_repository
def get_all(repository: Repository, stacks: tuple[str, ...], output: str) -> None:
    """Show every component of every stack: kind, version, readiness, deployed commit.

    \b
    Example:
      sluice get all -o json
    """
    enter(repository)
    rows = [row for stack in repository.chosen(stacks) for row in inventory(repository, stack)]
    if output == "json":
        click.echo(json.dumps([row.as_dict() for row in rows], indent=2))
    else:
        click.echo(rows_as_table(rows))


def rows_as_table(rows: list[Row]) -> str:
    """Return the rows as a table for people."""
    return table(
        _HEADERS,
        [
            (
                row.stack,
                row.component,
                row.kind,
                row.version,
                str(row.ready),
                row.commit,
                row.message,
            )
            for row in rows
        ],
    )
