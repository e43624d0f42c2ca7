from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DeclarationError
from components.lib.policies.alphabetical import AlphabeticalPolicy
from components.lib.policies.numerical import NumericalPolicy
from components.lib.policies.order import Order
from components.lib.policies.policy import Strategy, TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.policies.tag_filter import TagFilter
from components.lib.policies.versions import parse_tag

CASES = json.loads((Path(__file__).parents[4] / "data" / "semver-cases.json").read_text())
BUILDS = TagFilter(pattern=r"^main-[a-f0-9]+-(?P<ts>[0-9]+)$", extract="$ts")


def selected(case: dict[str, Any]) -> str | None:
    try:
        return TagPolicy(SemVerPolicy(case["range"])).latest(case["tags"])
    except DeclarationError:
        return "error"


def test_a_range_selects_what_flux_selects_in_all_of_its_librarys_cases() -> None:
    wanted = [case["want"] or None for case in CASES]
    assert [selected(case) for case in CASES] == wanted
    assert len(wanted) == 400


@pytest.mark.parametrize(
    ("strategy", "tags", "selected"),
    [
        (NumericalPolicy(), ["9", "10", "1e1", "-3"], "10"),
        (NumericalPolicy(Order.DESC), ["9", "10", "-3", "0.5"], "-3"),
        (NumericalPolicy(), [], None),
        (AlphabeticalPolicy(), ["jammy", "focal", "noble", "Zesty"], "noble"),
        (AlphabeticalPolicy(Order.DESC), ["jammy", "focal", "noble", "Zesty"], "Zesty"),
        (AlphabeticalPolicy(), [], None),
        (SemVerPolicy("1.x"), ["latest", "1.2", "v1.2.0", "01.02.03"], "01.02.03"),
    ],
)
def test_each_strategy_selects_one(
    strategy: Strategy, tags: list[str], selected: str | None
) -> None:
    assert TagPolicy(strategy).latest(tags) == selected


@pytest.mark.parametrize(
    ("policy", "tags", "selected"),
    [
        (
            TagPolicy(NumericalPolicy(), BUILDS),
            ["main-abc-99", "main-abd-100", "dev-abc-200", "main-abe-9"],
            "main-abd-100",
        ),
        (
            TagPolicy(SemVerPolicy(">=1.0.0"), TagFilter(r"^(?P<v>.*)-alpine$", "${v}")),
            ["1.2.0-alpine", "1.10.0-alpine", "1.11.0"],
            "1.10.0-alpine",
        ),
        (
            TagPolicy(AlphabeticalPolicy(), TagFilter(r"^RELEASE\.")),
            ["RELEASE.2026-01", "RELEASE.2026-02", "latest"],
            "RELEASE.2026-02",
        ),
        (TagPolicy(SemVerPolicy("*"), TagFilter("^v")), ["1.0.0"], None),
    ],
)
def test_a_filter_chooses_the_tags_and_what_of_them_is_compared(
    policy: TagPolicy, tags: list[str], selected: str | None
) -> None:
    assert policy.latest(tags) == selected


@pytest.mark.parametrize(
    ("extract", "extracted"),
    [
        ("$ts", "12"),
        ("${ts}00", "1200"),
        ("$ts00", ""),
        ("$1-$0", "12-main-abc-12"),
        ("$9$unknown", ""),
        ("$$ts", "$ts"),
        ("", "main-abc-12"),
    ],
)
def test_a_template_is_expanded_as_go_does(extract: str, extracted: str) -> None:
    assert TagFilter(BUILDS.pattern, extract).extracted("main-abc-12") == extracted


@pytest.mark.parametrize("pattern", ["(", r"(?=a)", "a**", r"(?P<a>x)\1"])
def test_what_gos_expressions_do_not_have_is_refused(pattern: str) -> None:
    with pytest.raises(DeclarationError, match="is not a regular expression of Go's"):
        TagPolicy(NumericalPolicy(), TagFilter(pattern))


@pytest.mark.parametrize("tag", ["latest", "1_000", " 1", "0x10", "nan", "\u0661"])
def test_a_numerical_policy_names_a_tag_that_is_no_number(tag: str) -> None:
    with pytest.raises(DeclarationError, match=r"is not a number; filter the tags"):
        TagPolicy(NumericalPolicy()).latest(["1", tag])


def test_a_policy_says_what_it_is() -> None:
    assert str(TagPolicy(SemVerPolicy("1.x"))) == "semver 1.x"
    assert str(TagPolicy(NumericalPolicy(Order.DESC), BUILDS)) == (
        f"numerical desc of $ts of tags like {BUILDS.pattern}"
    )


VERSIONS = st.from_regex(r"v?[0-9]{1,2}\.[0-9]\.[0-9]{1,2}(-[a-z]{1,3})?", fullmatch=True)


@given(st.lists(VERSIONS), st.randoms())
def test_what_is_selected_is_allowed_and_no_newer_is(tags: list[str], random: Any) -> None:
    policy = TagPolicy(SemVerPolicy(">=1.0.0 <50.0.0"))
    latest = policy.latest(tags)
    allowed = [tag for tag in tags if policy.allows(tag)]
    assert (latest in allowed) if latest else not allowed
    random.shuffle(tags)
    again = policy.latest(tags)
    assert (again and parse_tag(again)) == (latest and parse_tag(latest))
    assert all(parse_tag(tag) <= parse_tag(latest) for tag in allowed)
