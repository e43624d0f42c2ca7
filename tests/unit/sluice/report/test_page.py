"""The full report, over the same records."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from syrupy.assertion import SnapshotAssertion

from sluice.report.page import page
from sluice.status.graph import Edge, Graph
from tests.unit.sluice.previews import CORPUS, LONG, change, preview


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("name", CORPUS)
def test_each_kind_of_preview_has_its_page(name: str, snapshot: SnapshotAssertion) -> None:
    assert page(CORPUS[name]) == snapshot


@pytest.mark.parametrize("name", CORPUS)
def test_a_page_loads_nothing_and_runs_nothing(name: str) -> None:
    tags = _Tags()
    tags.feed(page(CORPUS[name]))
    assert not tags.found & {"script", "img", "iframe", "link", "object"}
    assert all(address.startswith("#") for address in tags.addresses)


def test_nothing_is_left_out_of_a_long_one() -> None:
    whole = page(LONG[:2])
    assert "map-119" in whole
    assert whole.count("data.k7") == 240


def test_a_graph_that_goes_in_a_circle_is_left_out() -> None:
    circle = Graph(
        ("application/shop", "b/c"),
        (Edge("application/shop", "b/c"), Edge("b/c", "application/shop")),
    )
    assert "<svg" not in page([preview(change("update", "ConfigMap", "a"), graph=circle)])
