"""Everything that a commit's stack applies, printed for the process that compares two commits.

Run in a commit's checkout, so that each commit is rendered by its own code:
`python -m sluice.pipeline.rendered STACK`. Values are in clear: it prints to a
pipe, and runs where there is no credential and no passphrase.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from components.errors import SluiceError
from sluice.declaration.helm import Capabilities
from sluice.declaration.program import declaration
from sluice.declaration.rendering import rendering
from sluice.pipeline.preview import graph_of, sources
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.status.graph import Graph

__all__ = ["RenderedObject", "RenderedStack", "rendered_stack"]


@dataclass(frozen=True)
class RenderedObject:
    """An object that a stack applies: its component, its Helm release, its content in clear."""

    component: str
    component_kind: str
    release: str
    content: dict[str, Any]


@dataclass(frozen=True)
class RenderedStack:
    """What a stack applies, without hooks.

    Attributes:
        objects: the objects, in the order of their declaration.
        charts: each Helm release `namespace/name`, with its component and its chart's file.
        unknown: each release that cannot be rendered, with the reason.
        secrets: the values that the program has as secrets; never to be shown.
        graph: what needs what.
        sources: where each locked chart comes from.

    """

    objects: list[RenderedObject]
    charts: dict[str, tuple[str, str]]
    unknown: dict[str, str]
    secrets: list[str]
    graph: Graph
    sources: dict[str, str]


def rendered_stack(stack: Stack) -> RenderedStack:
    """Render a stack of a checkout, for the pinned Kubernetes version.

    Raises:
        DeclarationError: where a declaration is wrong, or Helm refuses a release.

    """
    found = declaration(stack, stack.locked())
    rendered = rendering(stack.repository, found, Capabilities())
    kinds = {
        each.component: each.owner[0].rpartition(":")[2]
        for each in found.resources
        if each.owner[1] == each.component
    }
    return RenderedStack(
        [
            RenderedObject(
                each.component,
                "HelmRelease" if each.release else kinds.get(each.component, ""),
                each.release,
                each.content,
            )
            for each in rendered.manifests
            if not each.hook
        ],
        {
            f"{each.revealed['namespace']}/{each.revealed['name']}": (
                each.component,
                str(each.revealed["chart"]),
            )
            for each in found.resources
            if each.type.endswith(":Release")
        },
        dict(rendered.unknown),
        sorted({secret for each in found.resources for secret in each.secrets}),
        graph_of(found),
        sources(stack),
    )


def _main() -> None:
    try:
        found = rendered_stack(Stack(Repository(Path.cwd()), sys.argv[1]))
    except SluiceError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    _main()
