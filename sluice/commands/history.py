"""`sluice history`: what was deployed, when, from which commit, and why."""

from __future__ import annotations

import click

from sluice.console.options import output_option, show, stack_argument
from sluice.console.tables import table
from sluice.inventory.history import Deployment, deployments
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["history"]

_HEADERS = ("DEPLOYMENT", "STARTED", "TOOK", "RESULT", "CAUSE", "COMMIT", "PR", "AUTHOR", "CHANGED")
_SIGNS = {"create": "+", "update": "~", "replace": "+-", "delete": "-"}


@click.command()
@stack_argument
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.")
@output_option("table", "wide", "json", "yaml")
def history(stack: Stack, limit: int | None, output: str) -> None:
    """Show the deployments of STACK, the newest last.

    CAUSE is merge, reconcile, drift or rollback as the update's message says,
    else by hand. CHANGED counts objects: created +, updated ~, replaced +-,
    deleted -. A commit with -dirty is not what ran: files differed from it.

    \b
    Example:
      sluice history prod
      sluice history prod --limit 5 -o wide
    """
    enter(stack.repository)
    made = deployments(stack)[-(limit or 0) :]
    if output in ("json", "yaml"):
        show(made, output)
    else:
        click.echo(_table(made, wide=output == "wide"))


def _table(made: list[Deployment], *, wide: bool) -> str:
    headers = (*_HEADERS, "MESSAGE") if wide else _HEADERS
    rows = [(*_row(one), one.message) if wide else _row(one) for one in made]
    return table(headers, rows)


def _row(one: Deployment) -> tuple[str, ...]:
    return (
        str(one.number),
        f"{one.started:%Y-%m-%d %H:%M:%S}",
        f"{one.seconds:.0f}s",
        one.result,
        one.cause,
        one.revision,
        f"#{one.pull_request}" if one.pull_request else "-",
        one.author.partition(" <")[0] or "-",
        _changed(one),
    )


def _changed(one: Deployment) -> str:
    return (
        " ".join(f"{sign}{one.counts[word]}" for word, sign in _SIGNS.items() if word in one.counts)
        or "-"
    )
