"""`sluice events`: what Kubernetes reported of what a stack owns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from sluice.console.options import chosen_stacks, in_repository, output_option, show, stacks_options
from sluice.console.tables import age, table
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.status.events import ObjectEvent

__all__ = ["events"]

_SECONDS: Final = 2.0


@click.command()
@stacks_options
@click.option("--for", "wanted", default="", metavar="KIND/NAME", help="Of this and what is below.")
@click.option("-w", "--watch", is_flag=True, help="Go on, with each event that comes.")
@output_option("table", "json", "yaml")
@in_repository
def events(
    repository: Repository,
    stacks: tuple[str, ...],
    all_stacks: bool,
    wanted: str,
    watch: bool,
    output: str,
) -> None:
    """Show the Kubernetes events of what the stacks own, by time.

    Those of its pods too. KIND/NAME is a component or an object. A cluster keeps
    its events for an hour.

    \b
    Example:
      sluice events --stack dev
      sluice events --for helmrelease/redis
      sluice events --stack dev --watch
    """
    enter(repository)
    chosen = chosen_stacks(repository, stacks, all_stacks=all_stacks)
    found = _read(chosen, wanted)
    if output == "table":
        click.echo(_as_table(found) if found else "no events")
    else:
        show(found, output)
    shown = set(found)
    while watch:
        time.sleep(_SECONDS)
        new = [event for event in _read(chosen, wanted) if event not in shown]
        shown.update(new)
        if new and output == "table":
            click.echo(_as_table(new).partition("\n")[2])
        elif new:
            show(new, output)


def _read(stacks: Sequence[Stack], wanted: str) -> list[ObjectEvent]:
    from sluice.inventory.deployed import Deployed, live  # noqa: PLC0415
    from sluice.status.events import events_of  # noqa: PLC0415
    from sluice.status.tree import tree_of  # noqa: PLC0415

    found: list[ObjectEvent] = []
    for stack in stacks:
        deployed = Deployed.of(stack)
        if deployed.components:
            tree = tree_of(deployed, live(stack, deployed, made=True))
            reported = stack.cluster().list("v1", "Event")
            found += events_of(tree, reported, wanted)
    return sorted(found, key=lambda event: event.last_seen)


def _as_table(found: Sequence[ObjectEvent]) -> str:
    now = datetime.now(UTC)
    return table(
        ("LAST SEEN", "STACK", "TYPE", "REASON", "OBJECT", "MESSAGE"),
        [
            (
                age(each.last_seen, now),
                each.stack,
                each.type,
                each.reason,
                each.object,
                each.message,
            )
            for each in found
        ],
    )
