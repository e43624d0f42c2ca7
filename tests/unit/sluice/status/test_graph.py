from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.status.drawing import svg
from sluice.status.graph import Edge, Graph, mermaid
from tests.unit.sluice.stack_data import DEPLOYED

SVG = "{http://www.w3.org/2000/svg}"
SHOP = Graph.of(DEPLOYED.components)


def parsed(graph: Graph) -> ET.Element:
    return ET.fromstring(svg(graph))  # noqa: S314 - written here


def test_a_stack_s_graph_has_its_components_and_what_each_needs() -> None:
    assert SHOP.edges == (
        Edge("helmrelease/redis", "helmrepository/charts"),
        Edge("helmrelease/redis", "namespace/shop"),
    )


def test_mermaid_shows_what_is_needed_before_what_needs_it() -> None:
    assert mermaid(SHOP).splitlines() == [
        "flowchart LR",
        '    c0["application/web"]',
        '    c1["helmrelease/redis"]',
        '    c2["helmrepository/charts"]',
        '    c3["namespace/shop"]',
        "    c2 --> c1",
        "    c3 --> c1",
    ]


def test_a_name_cannot_break_out_of_its_label() -> None:
    name = 'job/"]; x<script>&'
    graph = Graph((name,), ())
    assert mermaid(graph).splitlines()[1] == '    c0["job/#34;#93;#59; x#60;script#62;#38;"]'
    texts = [text.text for text in parsed(graph).iter(f"{SVG}text")]
    assert texts == ["job", '"]; x<script>&']


def test_a_drawing_stands_alone() -> None:
    drawing = svg(SHOP)
    assert "href" not in drawing
    assert "url(#arrow)" in drawing
    assert drawing.count("http") == 1  # the namespace of SVG itself


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    names = [f"kind/c{index}" for index in range(draw(st.integers(0, 9)))]
    pairs = list(combinations(names, 2))
    chosen = draw(st.integers(0, 2 ** len(pairs) - 1))
    edges = [Edge(after, before) for bit, (before, after) in enumerate(pairs) if chosen >> bit & 1]
    return Graph(tuple(names), tuple(edges))


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_every_component_is_drawn_right_of_what_it_needs_and_over_no_other(graph: Graph) -> None:
    drawn = parsed(graph)
    frames = [rect for rect in drawn.iter(f"{SVG}rect") if "rx" in rect.attrib]
    boxes = {
        name: tuple(float(frame.attrib[key]) for key in ("x", "y", "width", "height"))
        for name, frame in zip(graph.components, frames, strict=True)
    }
    for edge in graph.edges:
        left = boxes[edge.needs]
        assert left[0] + left[2] < boxes[edge.component][0]
    for one, other in combinations(boxes.values(), 2):
        apart = abs(one[0] - other[0]) > 0 or abs(one[1] - other[1]) >= one[3]
        assert apart
    assert svg(graph) == svg(graph)
    assert sum(1 for path in drawn.iter(f"{SVG}path") if "marker-end" in path.attrib) == len(
        graph.edges
    )
