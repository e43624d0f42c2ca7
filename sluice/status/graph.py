"""What needs what in a stack: its components as a graph, and as Mermaid text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sluice.inventory.component import Component

__all__ = ["Edge", "Graph", "mermaid", "mermaid_text"]


@dataclass(frozen=True)
class Edge:
    """A component that another one needs.

    Attributes:
        component: the one that needs, `helmrelease/redis`.
        needs: the one that is deployed before it.

    """

    component: str
    needs: str


@dataclass(frozen=True)
class Graph:
    """A stack's components and what each needs.

    Attributes:
        components: `helmrelease/redis`, by kind and name.
        edges: by component.

    """

    components: tuple[str, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, components: Sequence[Component]) -> Graph:
        """Return the graph of a stack's components."""
        names = tuple(str(component) for component in components)
        edges = [
            Edge(str(component), needed)
            for component in components
            for needed in component.needs
            if needed in names
        ]
        return cls(names, tuple(edges))


def mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart, what is needed left of what needs it."""
    ids = {name: f"c{index}" for index, name in enumerate(graph.components)}
    nodes = [f'    {ids[name]}["{mermaid_text(name)}"]' for name in graph.components]
    edges = [f"    {ids[edge.needs]} --> {ids[edge.component]}" for edge in graph.edges]
    return "\n".join(["flowchart LR", *nodes, *edges])


def mermaid_text(text: str) -> str:
    """Return a text as a label, which it cannot break out of."""
    # Mermaid writes a character as #code; where HTML writes &#code;.
    return "".join(each if each.isalnum() or each in "-_./ " else f"#{ord(each)};" for each in text)
