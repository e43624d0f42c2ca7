"""`sluice graph`: which component needs which."""

from __future__ import annotations

import click

from sluice.console import completion
from sluice.console.options import in_repository, one_stack, output_option, show
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["graph"]


@click.command()
@click.argument("stack", required=False, default="", shell_complete=completion.stacks)
@output_option("mermaid", "svg", "json", "yaml")
@in_repository
def graph(repository: Repository, stack: str, output: str) -> None:
    """Draw which component of STACK needs which, as it is deployed.

    Mermaid is what Gitea shows in Markdown; the SVG stands alone. The same stack
    gives the same bytes.

    \b
    Example:
      sluice graph dev
      sluice graph dev -o svg > dev.svg
    """
    from sluice.inventory.component import components  # noqa: PLC0415
    from sluice.status.drawing import svg  # noqa: PLC0415 - completion does without
    from sluice.status.graph import Graph, mermaid  # noqa: PLC0415

    enter(repository)
    resources = one_stack(repository, stack).state().resources()
    found = Graph.of(components(resources))
    if output in ("json", "yaml"):
        show(found, output)
    else:
        click.echo(svg(found) if output == "svg" else mermaid(found))
