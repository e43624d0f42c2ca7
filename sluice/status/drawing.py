"""A graph drawn as SVG: layers from left to right, few crossings, nothing outside the file.

The same graph gives the same bytes, so that a drawing can be committed. The
libraries that were tried have a licence that binds their users (igraph,
grandalf) or draw differently in each run (fast-sugiyama).
"""

from __future__ import annotations

import graphlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sluice.status.graph import Edge, Graph

__all__ = ["svg"]

_MARGIN = 16.0
_HEIGHT = 42.0
_STEP = 58.0
_BETWEEN = 72.0
_PADDING = 14.0
_LETTER = 7.6
_SWEEPS = 8
_FONT = "DejaVu Sans, Verdana, Helvetica, sans-serif"

# A component, or where an edge passes through a layer that lies between.
Place = str | tuple[Edge, int]


@dataclass(frozen=True)
class _Box:
    """Where a place is drawn: its left edge, its width and its middle's height, in pixels."""

    left: float
    width: float
    middle: float

    @property
    def right(self) -> float:
        return self.left + self.width


def svg(graph: Graph) -> str:
    """Return the graph as an SVG document that stands alone, what is needed on the left."""
    layers = _ordered(_layers(graph), graph)
    boxes = _boxes(layers)
    width = max((box.right for box in boxes.values()), default=0) + _MARGIN
    height = max((box.middle for box in boxes.values()), default=0) + _HEIGHT / 2 + _MARGIN
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:.0f} {height:.0f}",
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
        },
    )
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _define_arrow(root)
    for edge in graph.edges:
        _draw_edge(root, [boxes[place] for place in _route(edge, layers)])
    for name in graph.components:
        _draw_component(root, name, boxes[name])
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def _layers(graph: Graph) -> list[list[Place]]:
    """Put each component one layer behind the last that it needs, and each edge through those."""
    needs: dict[str, list[str]] = {name: [] for name in graph.components}
    for edge in graph.edges:
        needs[edge.component].append(edge.needs)
    depth: dict[str, int] = {}
    for name in graphlib.TopologicalSorter(needs).static_order():
        depth[name] = max((depth[need] + 1 for need in needs[name]), default=0)
    layers: list[list[Place]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in graph.components:
        layers[depth[name]].append(name)
    for edge in graph.edges:
        for layer in range(depth[edge.needs] + 1, depth[edge.component]):
            layers[layer].append((edge, layer))
    return layers


def _ordered(layers: list[list[Place]], graph: Graph) -> list[list[Place]]:
    """Sort each layer by where its neighbours lie, back and forth, so that few edges cross."""
    neighbours: dict[Place, set[Place]] = {place: set() for layer in layers for place in layer}
    for edge in graph.edges:
        for before, after in pairwise(_route(edge, layers)):
            neighbours[before].add(after)
            neighbours[after].add(before)
    for sweep in range(_SWEEPS):
        forth = list(pairwise(range(len(layers))))
        back = [(after, before) for before, after in reversed(forth)]
        for fixed, sorted_one in back if sweep % 2 else forth:
            position = {place: index for index, place in enumerate(layers[fixed])}
            layers[sorted_one] = _by_neighbours(layers[sorted_one], neighbours, position)
    return layers


def _by_neighbours(
    layer: Sequence[Place],
    neighbours: Mapping[Place, set[Place]],
    position: Mapping[Place, int],
) -> list[Place]:
    def middle(index: int) -> float:
        found = [position[place] for place in neighbours[layer[index]] if place in position]
        return sum(found) / len(found) if found else index

    return [layer[index] for index in sorted(range(len(layer)), key=lambda i: (middle(i), i))]


def _route(edge: Edge, layers: Sequence[Sequence[Place]]) -> list[Place]:
    bends = ((edge, number) for number in range(len(layers)))
    return [edge.needs, *(bend for bend in bends if bend in layers[bend[1]]), edge.component]


def _boxes(layers: Sequence[Sequence[Place]]) -> dict[Place, _Box]:
    tallest = max((len(layer) for layer in layers), default=0)
    left, boxes = _MARGIN, dict[Place, _Box]()
    for layer in layers:
        width = max(_width(place) for place in layer)
        top = _MARGIN + _HEIGHT / 2 + (tallest - len(layer)) * _STEP / 2
        for index, place in enumerate(layer):
            boxes[place] = _Box(left, width, top + index * _STEP)
        left += width + _BETWEEN
    return boxes


def _width(place: Place) -> float:
    if isinstance(place, tuple):
        return 0
    return max(len(part) for part in place.split("/", 1)) * _LETTER + 2 * _PADDING


def _define_arrow(root: ET.Element) -> None:
    arrow = {"id": "arrow", "viewBox": "0 0 8 8", "refX": "8", "refY": "4", "orient": "auto"}
    size = {"markerWidth": "8", "markerHeight": "8"}
    marker = ET.SubElement(ET.SubElement(root, "defs"), "marker", {**arrow, **size})
    ET.SubElement(marker, "path", {"d": "M 0 0 L 8 4 L 0 8 z", "fill": "#64748b"})


def _draw_edge(root: ET.Element, route: Sequence[_Box]) -> None:
    ET.SubElement(
        root,
        "path",
        {
            "d": " ".join(_curve(route)),
            "fill": "none",
            "stroke": "#64748b",
            "stroke-width": "1.4",
            "marker-end": "url(#arrow)",
        },
    )


def _curve(route: Sequence[_Box]) -> Iterator[str]:
    yield f"M {route[0].right:.1f} {route[0].middle:.1f}"
    for before, after in pairwise(route):
        half = (after.left - before.right) / 2
        yield (
            f"C {before.right + half:.1f} {before.middle:.1f} "
            f"{after.left - half:.1f} {after.middle:.1f} {after.left:.1f} {after.middle:.1f}"
        )
        if after is not route[-1]:
            yield f"L {after.right:.1f} {after.middle:.1f}"


def _draw_component(root: ET.Element, name: str, box: _Box) -> None:
    kind, _, title = name.partition("/")
    frame = {"x": f"{box.left:.1f}", "y": f"{box.middle - _HEIGHT / 2:.1f}", "rx": "6"}
    size = {"width": f"{box.width:.1f}", "height": f"{_HEIGHT:.1f}"}
    ET.SubElement(root, "rect", {**frame, **size, "fill": "#f1f5f9", "stroke": "#334155"})
    for text, height, font, colour in (
        (kind, -5.0, "10", "#64748b"),
        (title, 12.0, "13", "#0f172a"),
    ):
        label = ET.SubElement(
            root,
            "text",
            {
                "x": f"{box.left + box.width / 2:.1f}",
                "y": f"{box.middle + height:.1f}",
                "font-family": _FONT,
                "font-size": font,
                "fill": colour,
                "text-anchor": "middle",
            },
        )
        label.text = text
