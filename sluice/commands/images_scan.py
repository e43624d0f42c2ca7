"""`sluice images scan`: what is there, what the policies select, what runs."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sluice.console.options import chosen_stacks, in_repository, output_option, show, stacks_options
from sluice.console.tables import table
from sluice.images.scanning import ScannedPolicy, scan
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["scan_command"]

_WRONG = 2


@click.command("scan")
@stacks_options
@output_option("table", "json", "yaml")
@click.pass_context
@in_repository
def scan_command(
    repository: Repository,
    ctx: click.Context,
    stacks: tuple[str, ...],
    all_stacks: bool,
    output: str,
) -> None:
    """Show the tag that each image policy selects.

    Beside it the locked and the running tag, and how many there are. Nothing is
    changed. A repository that cannot be read is said, and ends with exit code 2
    after the others.

    \b
    Example:
      sluice images scan
      sluice images scan --stack prod -o json
    """
    enter(repository)
    found = scan(chosen_stacks(repository, stacks, all_stacks=all_stacks))
    if output == "table":
        _show(found)
    else:
        show(found, output)
    if any(each.message for each in found):
        ctx.exit(_WRONG)


def _show(found: Sequence[ScannedPolicy]) -> None:
    if not found:
        click.echo("no stack has an ImagePolicy")
        return
    headers = ("STACK", "POLICY", "REPOSITORY", "TAGS", "SELECTED", "LOCKED", "RUNNING")
    cells = [
        (
            *(row.stack, row.name, row.repository),
            "-" if row.tags is None else row.tags,
            *(text or "-" for text in (row.selected, row.locked, row.running)),
        )
        for row in found
    ]
    click.echo(table(headers, cells))
    for message in dict.fromkeys(row.message for row in found if row.message):
        click.echo(f"✗ {message}", err=True)
