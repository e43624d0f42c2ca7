"""`sluice build`: a stack or some of its components as YAML."""

from __future__ import annotations

import json

import click

from components.lib.manifests import documents
from sluice.console import completion
from sluice.console.options import output_option, stack_argument
from sluice.declaration.helm import Capabilities
from sluice.declaration.program import declaration
from sluice.declaration.records import named
from sluice.declaration.rendering import Rendering, in_order, rendering
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["build"]


@click.command()
@stack_argument
@click.argument(
    "components", nargs=-1, metavar="[COMPONENT]...", shell_complete=completion.components
)
@output_option("yaml", "json")
def build(stack: Stack, components: tuple[str, ...], output: str) -> None:
    """Render STACK, or COMPONENTS of it, to the objects it applies.

    Needs neither a cluster nor Pulumi's state. Helm releases are rendered by
    Helm, for the pinned Kubernetes version; their hooks come last. Secret
    values are masked.

    \b
    Example:
      sluice build dev
      sluice build prod redis -o json
    """
    enter(stack.repository)
    found = declaration(stack, stack.locked())
    wanted = named(components, [each.title for each in found.components], stack.name)
    rendered = rendering(stack.repository, found, Capabilities(), components=wanted)
    for release, reason in rendered.unknown.items():
        click.echo(f"{release} is left out: {reason}; `sluice diff` asks for them", err=True)
    click.echo(_json(rendered) if output == "json" else _yaml(rendered), nl=False)


def _yaml(rendered: Rendering) -> str:
    return "".join(
        "---\n"
        + (f"# HelmRelease {each.release}, hook: {each.hook}\n" if each.hook else "")
        + documents.dump(rendered.masks.one(each.content))
        for each in in_order(rendered.manifests)
    )


def _json(rendered: Rendering) -> str:
    items = [rendered.masks.one(each.content) for each in in_order(rendered.manifests)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2) + "\n"
