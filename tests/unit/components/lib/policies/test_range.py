from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import DeclarationError
from components.lib.policies.range import Range, newest

CASES = json.loads((Path(__file__).parents[4] / "data" / "semver-cases.json").read_text())

numbers = st.integers(min_value=0, max_value=30)
prereleases = st.sampled_from(["", "-alpha", "-rc.1", "-rc.10", "-0"])
versions = st.builds("{}.{}.{}{}".format, numbers, numbers, numbers, prereleases)
releases = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
ranges = st.sampled_from(sorted({case["range"] for case in CASES if case["want"] != "error"}))

unhurried = settings(deadline=None)  # a busy machine is no failure


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['range']} of {len(case['tags'])}")
def test_every_case_has_the_answer_of_the_go_library(case: dict[str, object]) -> None:
    assert answer(str(case["range"]), list(case["tags"])) == case["want"]  # type: ignore[call-overload]


def answer(text: str, tags: list[str]) -> str:
    try:
        return newest(text, tags) or ""
    except DeclarationError:
        return "error"


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        ("12.x", ["12.0.0", "v12.9.1"], ["11.9.9", "13.0.0", "12.1.0-rc.1"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0", ["0.9.0"], ["1.0.0"]),
        ("~1.2", ["1.2.9"], ["1.3.0"]),
        ("1.2 - 1.4", ["1.2.0", "1.4.9"], ["1.1.9", "1.5.0"]),
        (">=1.0.0 <2.0.0 || ^3.1", ["1.5.0", "3.2.0"], ["2.0.0", "3.0.9"]),
        (">11", ["12.0.0"], ["11.9.0"]),
        (">11.1", ["11.2.0"], ["11.1.9"]),
        ("!=1.2.x", ["1.3.0", "2.2.0"], ["1.2.7"]),
        ("!=1", ["2.0.0"], ["1.9.0"]),
        ("!=1.2.x-rc.1 >0.0.0-0", ["1.2.0-rc.2", "1.2.1"], ["1.2.0-rc.1"]),
        ("<=*", ["0.0.7"], ["0.1.0"]),
        (">=1.2.0-0", ["1.2.0-rc.1", "1.3.0"], ["1.1.9"]),
        ("1.x.5", ["1.9.0"], ["2.0.0"]),
    ],
)
def test_a_range_means_what_it_means_to_helm(
    text: str, allowed: list[str], refused: list[str]
) -> None:
    parsed = Range.parse(text)
    assert [v for v in allowed + refused if parsed.allows(v)] == allowed


@pytest.mark.parametrize(
    "text",
    ["", " ", "latest", "1.2.3.4", ">=1.a", "== 1.0", "1 2 ||", "1|2", "1.0.0-01", ">= 1,, < 2"],
)
def test_an_invalid_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(DeclarationError) as refusal:
        Range.parse(text)
    assert str(refusal.value).startswith(f"{text!r} is not a version range")


def test_what_is_not_a_version_is_in_no_range() -> None:
    assert not Range.parse("*").allows("latest")


def test_a_long_range_that_is_almost_right_is_refused_at_once() -> None:
    with pytest.raises(DeclarationError):
        Range.parse(">=1.0.0   " * 200 + "!")


@unhurried
@given(version=versions, others=st.lists(versions))
def test_an_exact_version_picks_exactly_itself(version: str, others: list[str]) -> None:
    assert newest(version, [*others, version]) == version


@unhurried
@given(text=ranges, candidates=st.lists(versions))
def test_the_newest_lies_in_the_range_and_nothing_in_it_is_newer(
    text: str, candidates: list[str]
) -> None:
    parsed = Range.parse(text)
    found = newest(text, candidates)
    allowed = [version for version in candidates if parsed.allows(version)]
    assert (found is None) == (not allowed)
    if found is not None:
        assert found in allowed
        assert not any(Range.parse(f">{found}").allows(version) for version in allowed)


@unhurried
@given(text=ranges, candidates=st.lists(versions, unique=True), seed=st.randoms())
def test_the_order_of_the_versions_does_not_matter(
    text: str, candidates: list[str], seed: object
) -> None:
    shuffled = list(candidates)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert newest(text, candidates) == newest(text, shuffled)


@unhurried
@given(candidates=st.lists(releases, min_size=1))
def test_a_wildcard_takes_any_release(candidates: list[str]) -> None:
    assert newest("*", candidates) == newest(">=0.0.0", candidates) is not None


@unhurried
@given(version=versions, left=ranges, right=ranges)
def test_two_bars_mean_either(version: str, left: str, right: str) -> None:
    either = Range.parse(f"{left} || {right}").allows(version)
    assert either == (Range.parse(left).allows(version) or Range.parse(right).allows(version))


@unhurried
@given(text=st.text(alphabet="0123456789.xX*|<>=!~^-+, vab"))
def test_any_text_is_a_range_or_a_declaration_error(text: str) -> None:
    try:
        Range.parse(text).allows("1.2.3")
    except DeclarationError as refusal:
        assert repr(text) in str(refusal)  # noqa: PT017 - either outcome is right
