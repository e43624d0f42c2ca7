"""`sluice tree`: what a stack consists of, down to the pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import in_repository, one_stack, output_option, show
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.status.tree import Node

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
    from sluice.inventory.deployed import Deployed, live  # noqa: PLC0415 - completion does without
    from sluice.status.tree import lines, tree_of  # noqa: PLC0415

    enter(repository)
    chosen = one_stack(repository, stack)
    deployed = Deployed.of(chosen)
    found = tree_of(deployed, live(chosen, deployed, made=True))
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
