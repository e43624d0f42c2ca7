"""`sluice delete`: take a component out of a stack's program, saying first what that deletes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import in_repository
from sluice.console.tables import table
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from components.base.component import Component
    from sluice.inventory.component import Owned

__all__ = ["delete"]

_HEADERS = ("STACK", "OBJECT", "HOLDS DATA")
_HOLDING_DATA = (
    "CustomResourceDefinition",
    "Namespace",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "StatefulSet",
)


@click.command()
@click.argument("component", shell_complete=completion.components)
@click.option(
    "--stack",
    default="",
    shell_complete=completion.stacks,
    help="Only in this stack.  [default: in all]",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@in_repository
def delete(repository: Repository, component: str, stack: str, yes: bool) -> None:
    """Take COMPONENT out of the stacks, or out of one.

    The next update deletes its objects. Shows first which those are, and which of
    them hold data. Refused where another member uses it.

    \b
    Example:
      sluice delete ci_agents --stack dev --yes
    """
    from sluice.authoring.edited_copy import diff  # noqa: PLC0415
    from sluice.authoring.scaffold import Platform  # noqa: PLC0415 - completion does without

    enter(repository)
    removal = Platform(repository).without_component(component, stack)
    click.echo(diff(repository, removal.files), nl=False)
    rows = [
        (name, each, "yes" if each.kind in _HOLDING_DATA else "")
        for name, made in removal.components.items()
        for each in _deployed(repository.stack(name), made)
    ]
    if rows:
        click.echo("\nThe next update deletes:")
        click.echo(table(_HEADERS, rows))
    else:
        click.echo("\nNothing of it is deployed.")
    if not yes:
        click.confirm("Take it out?", abort=True)
    for file, text in removal.files.items():
        (repository.root / file).write_text(text, encoding="utf-8")
    click.echo(f"{', '.join(removal.files)} written; commit it, and the next update deletes them")


def _deployed(stack: Stack, component: Component) -> Sequence[Owned]:
    """Return what the stack's state has of a component, the objects of a Helm release too."""
    from sluice.inventory.component import components  # noqa: PLC0415

    kind = type(component).__name__
    for each in components(stack.state().resources()):
        if (each.kind, each.name) == (kind, component.name):
            return each.objects
    return ()
