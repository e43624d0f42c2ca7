"""`sluice affected`: which stacks a change can affect."""

from __future__ import annotations

from dataclasses import dataclass

import click

from sluice.console.options import in_repository, output_option, show
from sluice.console.tables import table
from sluice.git.commits import forked_from, resolved
from sluice.git.remote import Remote
from sluice.inputs.affected import affected_stacks
from sluice.stack.repository import Repository

__all__ = ["Affected", "affected"]

_SHOWN = 3


@dataclass(frozen=True)
class Affected:
    """A stack that a change can affect.

    Attributes:
        stack: the stack.
        reasons: the paths that its program reads and that differ, or why that is not known.

    """

    stack: str
    reasons: list[str]


@click.command()
@click.argument("base", default="")
@click.argument("head", default="HEAD")
@output_option("table", "json", "yaml", "name")
@in_repository
def affected(repository: Repository, base: str, head: str, output: str) -> None:
    """List the stacks that the change from BASE to HEAD can affect.

    Both are commits. By what each stack's program read when it was deployed last,
    not by the names of paths. BASE is by default where HEAD left the branch that
    the stacks follow. A stack that was not deployed from here is always listed.

    \b
    Example:
      sluice affected
      sluice affected origin/main my-branch -o json
    """
    after = resolved(repository, head)
    before = resolved(repository, base) if base else _left(repository, after)
    rows = [
        Affected(stack, list(why))
        for stack, why in affected_stacks(repository.chosen(()), before, after).items()
    ]
    if output == "name":
        click.echo("".join(f"{row.stack}\n" for row in rows), nl=False)
    elif output != "table":
        show(rows, output)
    elif rows:
        click.echo(
            table(("STACK", "BECAUSE OF"), [(row.stack, _listed(row.reasons)) for row in rows])
        )
    else:
        click.echo("No stack's program reads what this changes.")


def _left(repository: Repository, commit: str) -> str:
    branch = resolved(repository, f"refs/remotes/{Remote.of(repository)}")
    return forked_from(repository, branch, commit)


def _listed(reasons: list[str]) -> str:
    more = len(reasons) - _SHOWN
    return ", ".join([*reasons[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
