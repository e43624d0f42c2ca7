"""The pull request's comment, over records of every kind."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from sluice.diff.change import FieldDifference
from sluice.diff.masking import Masks
from sluice.report.comment import LABEL, LIMIT, Place, comment
from sluice.report.escaping import code, text
from tests.unit.sluice.previews import CORPUS, INJECTION, LONG, change, preview

PLACE = Place(
    "https://git.example.com/raibid/infrastructure",
    "https://git.example.com",
    "https://git.example.com/api/packages/raibid/generic/previews/1/report.html",
)


@pytest.mark.parametrize("name", CORPUS)
def test_each_kind_of_preview_has_its_comment(name: str, snapshot: SnapshotAssertion) -> None:
    assert comment(CORPUS[name], PLACE, allowed=False) == snapshot


def test_the_label_that_allows_it_is_told_where_it_is_there() -> None:
    assert f"The label `{LABEL}` allows it." in comment(CORPUS["dangerous"], PLACE, allowed=True)


def test_what_is_too_long_is_told_shorter_then_cut_and_links_the_rest() -> None:
    one = comment(LONG[:1], PLACE, allowed=False)
    assert "and 80 more" in one
    assert "data.k1" not in one
    many = comment(LONG * 3, PLACE, allowed=False)
    assert len(many.encode()) <= LIMIT
    assert many.count("<details>") == many.count("</details>") > 5
    assert many.endswith(
        f"too long for a comment: [the full report]({PLACE.report}) has the rest.\n"
    )


@pytest.mark.parametrize("whole", [INJECTION, "@ada", "closes #3", "a|b", "</code><b>", "www.x.y"])
def test_nothing_of_a_program_s_text_becomes_markup(whole: str) -> None:
    for shown in (text(whole), code(whole)):
        tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(
            f"| a |\n|---|\n| {shown} |\n"
        )
        inline = [child for token in tokens for child in token.children or ()]
        kinds = {child.type for child in inline}
        assert kinds <= {"text", "text_special", "html_inline"}
        assert {c.content for c in inline if c.type == "html_inline"} <= {
            "<code>",
            "</code>",
            "<wbr>",
        }
        bare = re.sub(r"<(/?code|wbr)>|&#\d+;", "", shown)
        assert not re.search(r"[@#!:|`<>\[\]*_\n]", bare)
    assert not re.search("&#(35|33|58|64);(?!<wbr>)", text(whole))


TEXTS = st.text(max_size=200)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(TEXTS, VALUES, VALUES), max_size=8), TEXTS, st.integers(1, 8))
def test_no_comment_is_longer_than_the_limit_or_left_open(
    fields: list[tuple[str, object, object]], name: str, times: int
) -> None:
    one = preview(*[change("delete", "Namespace", name, *fields)] * times, stack=name)
    shown = comment([replace(one, error=name, notes=[name] * times)] * times, PLACE, allowed=False)
    assert len(shown.encode()) <= LIMIT
    assert shown.count("<details>") == shown.count("</details>")


@settings(max_examples=40, deadline=None)
@given(st.text("abc0123456789@|`", min_size=4, max_size=40), TEXTS)
def test_what_is_masked_is_in_no_comment(secret: str, around: str) -> None:
    sides = [{"kind": "ConfigMap", "data": f"{around}{each}{around}"} for each in (secret, "x")]
    masked = Masks([secret]).pair(*sides)
    fields = [FieldDifference("data", masked.before["data"], masked.after["data"])]
    one = replace(change("update", "ConfigMap", "a"), fields=fields)
    shown = comment([preview(one)], PLACE, allowed=False)
    without = comment([preview(change("update", "ConfigMap", "a"))], PLACE, allowed=False)
    if secret not in without and secret not in around:
        assert text(secret) not in shown.replace(text(around, 10_000), "")
