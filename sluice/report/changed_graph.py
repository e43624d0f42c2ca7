"""The part of a stack's graph that a change is about: what changes, and what is next to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sluice.diff.change import PlannedChange
from sluice.report.escaping import shortened
from sluice.report.record import StackPreview
from sluice.status.graph import Graph, mermaid_text

__all__ = ["changed_graph", "mermaid_of_changes"]

_MOST: Final = 40
_LABEL: Final = 80
_COLOURS: Final = {
    "loses data": "fill:#fecaca,stroke:#b91c1c,color:#450a0a",
    "delete": "fill:#fed7aa,stroke:#c2410c,color:#431407",
    "update": "fill:#fef08a,stroke:#a16207,color:#422006",
    "create": "fill:#bbf7d0,stroke:#15803d,color:#052e16",
}


def changed_graph(preview: StackPreview) -> tuple[Graph, Mapping[str, str]]:
    """Return the components that change with those next to them, and what happens to each."""
    operations = _operations(preview)
    edges = tuple(
        edge for edge in preview.graph.edges if {edge.component, edge.needs} & set(operations)
    )
    beside = {name for edge in edges for name in (edge.component, edge.needs)}
    return Graph(tuple(sorted(beside | set(operations))), edges), operations


def mermaid_of_changes(preview: StackPreview) -> str:
    """Return that as Mermaid, coloured by what happens; empty where it is none or too many."""
    graph, operations = changed_graph(preview)
    if not operations or len(graph.components) > _MOST:
        return ""
    ids = {name: f"c{index}" for index, name in enumerate(graph.components)}
    nodes = [
        f'    {ids[name]}["{mermaid_text(_label(name, operations))}"]{_class(name, operations)}'
        for name in graph.components
    ]
    edges = [f"    {ids[edge.needs]} --> {ids[edge.component]}" for edge in graph.edges]
    used = dict.fromkeys(operations.values())
    colours = [f"    classDef {_word(each)} {_COLOURS[each]}" for each in used]
    return "\n".join(["flowchart LR", *nodes, *edges, *colours])


def _operations(preview: StackPreview) -> dict[str, str]:
    """Return what happens to each component: one of the operations, or `loses data`."""
    found: dict[str, list[PlannedChange]] = {}
    for change in preview.changes:
        found.setdefault(f"{change.component_kind.lower()}/{change.component}", []).append(change)
    stays = set(preview.graph.components)
    return {name: _operation(each, stays=name in stays) for name, each in found.items()}


def _operation(changes: Sequence[PlannedChange], *, stays: bool) -> str:
    if any(change.loss for change in changes):
        return "loses data"
    operations = {change.operation for change in changes}
    if not stays and "delete" in operations:
        return "delete"
    return "create" if operations == {"create"} else "update"


def _label(name: str, operations: Mapping[str, str]) -> str:
    label = f"{operations[name]} {name}" if name in operations else name
    return shortened(label, _LABEL)


def _class(name: str, operations: Mapping[str, str]) -> str:
    return f":::{_word(operations[name])}" if name in operations else ""


def _word(operation: str) -> str:
    return operation.replace(" ", "_")
