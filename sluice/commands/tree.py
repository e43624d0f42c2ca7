"""`sluice tree`: what a stack consists of, down to the pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sluice import completion
from sluice.commands.options import one_stack, output_option, show
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter

if TYPE_CHECKING:
    from sluice.tree import Node

__all__ = ["tree"]


@click.command()
@click.argument("stack", required=False, default="", shell_complete=completion.stacks)
@output_option("tree", "json", "yaml")
@in_repository
def tree(repository: Repository, stack: str, output: str) -> None:
    """Show the components of STACK and their objects, live.

    With what controllers made of those. A Helm release's objects are shown like any
    others. What is not ready says why.

    \b
    Example:
      sluice tree dev
      sluice tree dev -o json
    """
    from sluice.deployed import Deployed, live  # noqa: PLC0415 - completion does without
    from sluice.tree import lines, tree_of  # noqa: PLC0415

    enter(repository)
    deployed = Deployed.of(repository, one_stack(repository, stack))
    found = tree_of(deployed, live(repository, deployed, made=True))
    if output != "tree":
        show(found, output)
        return
    for branches, node in lines(found):
        click.echo(f"{branches}{node}{_said(node)}")


def _said(node: Node) -> str:
    message = f"  {node.message}" if node.message else ""
    if node.ready:
        return message
    word, colour = ("not ready", "red") if node.ready is False else ("unknown", "yellow")
    return f"{message}  {click.style(word, fg=colour)}"
