"""`sluice stats`: how much runs, and how long deploying it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import chosen_stacks, in_repository, output_option, show
from sluice.console.tables import table
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.status.statistics import StackStatistics

__all__ = ["stats"]


@click.command()
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@output_option("table", "json", "yaml")
@in_repository
def stats(repository: Repository, stacks: tuple[str, ...], output: str) -> None:
    """Show STACKS, or all, in numbers.

    Components and objects by kind, their state, how long updates took.

    \b
    Example:
      sluice stats
      sluice stats dev -o json
    """
    from sluice.inventory.deployed import Deployed, live  # noqa: PLC0415 - completion does without
    from sluice.status.rows import component_rows  # noqa: PLC0415
    from sluice.status.statistics import statistics_of  # noqa: PLC0415

    enter(repository)
    found = []
    for stack in chosen_stacks(repository, stacks):
        deployed = Deployed.of(stack)
        alive = live(stack, deployed)
        rows = component_rows(deployed, alive, stack.suspensions())
        found.append(statistics_of(deployed, rows, alive, stack.state().size()))
    if output == "table":
        click.echo(_as_tables(found))
    else:
        show(found, output)


def _as_tables(found: Sequence[StackStatistics]) -> str:
    headers = ("STACK", "", "KIND", "READY", "FAILING", "UNKNOWN", "SUSPENDED")
    kinds = [
        (each.stack, word, count.kind, count.ready, count.failing, count.unknown, count.suspended)
        for each in found
        for word, counts in (("component", each.components), ("object", each.objects))
        for count in counts
    ]
    totals = [
        (
            each.stack,
            sum(count.ready + count.failing + count.unknown for count in each.components),
            sum(count.ready + count.failing + count.unknown for count in each.objects),
            f"{each.state_bytes / 1024:.0f} KiB",
            each.deployments,
            f"{each.last_seconds[0]:.0f}s" if each.last_seconds else "-",
            f"{each.median_seconds:.0f}s" if each.last_seconds else "-",
        )
        for each in found
    ]
    names = ("STACK", "COMPONENTS", "OBJECTS", "STATE", "DEPLOYMENTS", "LAST TOOK", "MEDIAN")
    return f"{table(headers, kinds)}\n\n{table(names, totals)}"
