from __future__ import annotations

import pytest

from components.lib.policies.versions import nearest, parse, parse_tag


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3-rc.1+b2", "1.2.3-rc.1+b2"),
        ("1", "1.0.0"),
        ("v1.2", "1.2.0"),
        ("01.2.03", "1.2.3"),
        ("1-alpha", "1.0.0-alpha"),
    ],
)
def test_a_version_may_be_written_loosely(text: str, meaning: str) -> None:
    assert str(parse(text)) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "V1.2.3",
        "1.2.3.4",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3\n",
        "1.2.18446744073709551616",
        "1." + "9" * 5000,
    ],
)
def test_what_go_refuses_is_no_version(text: str) -> None:
    assert parse(text) is None


def test_a_tag_needs_all_three_parts() -> None:
    assert [tag for tag in ("1", "v1.2", "v1.2.3") if parse_tag(tag)] == ["v1.2.3"]


AVAILABLE = ["1.0.0", "2.0.0", "2.1.0", "2.2.0", "3.0.0", "latest"]


@pytest.mark.parametrize(
    ("wanted", "around"),
    [
        ("2.1.5", ["3.0.0", "2.2.0", "2.1.0", "2.0.0"]),
        ("12.x", ["3.0.0", "2.2.0", "2.1.0", "2.0.0"]),
        (">0.1", ["2.2.0", "2.1.0", "2.0.0", "1.0.0"]),
        ("*", ["3.0.0", "2.2.0", "2.1.0", "2.0.0"]),
    ],
)
def test_the_nearest_versions_lie_around_what_is_wanted(wanted: str, around: list[str]) -> None:
    assert nearest(wanted, AVAILABLE) == around


def test_few_versions_are_all_near() -> None:
    assert nearest("5", ["1.0.0", "0.9.0"]) == ["1.0.0", "0.9.0"]
