from __future__ import annotations

from typing import Any

import pytest

from components.lib.manifests.empty import (
    empty_values,
    is_empty,
    is_hollow,
    with_empty_values,
    without_nulls,
)

SPEC: dict[str, Any] = {
    "on": False,
    "count": 0,
    "kept": 1,
    "a/b": {"text": "", "map": {}},
    "items": [{"name": "x", "list": []}, {"name": "y", "null": None}],
}
EMPTY = {
    "/on": False,
    "/count": 0,
    "/a~1b/text": "",
    "/a~1b/map": {},
    "/items/0/list": [],
    "/items/1/null": None,
}
SENT = {"kept": 1, "items": [{"name": "x"}, {"name": "y"}]}


def nothing_is_secret(_value: object) -> bool:
    return False


def test_the_empty_values_of_a_manifest_put_into_what_was_sent_make_it_whole() -> None:
    assert empty_values(SPEC) == EMPTY
    assert with_empty_values(SENT, EMPTY, opaque=nothing_is_secret) == SPEC
    assert SENT == {"kept": 1, "items": [{"name": "x"}, {"name": "y"}]}, "it stays as it was"


def test_what_is_there_stays_and_what_has_no_place_is_left_out() -> None:
    values = {"/on": False, "/kept/inside": "", "/items/7/name": "", "/secret/text": ""}
    manifest = {"on": True, "kept": 1, "items": [], "secret": {"ciphertext": "x"}}
    assert (
        with_empty_values(manifest, values, opaque=lambda value: "ciphertext" in value) == manifest
    )


def test_what_only_pulumi_will_know_is_not_called_empty() -> None:
    class Output:
        future = None

        def apply(self) -> None: ...

    assert empty_values({"known": "", "later": Output()}) == {"/known": ""}


@pytest.mark.parametrize(
    ("value", "empty", "hollow"),
    [
        (None, True, True),
        (0.0, True, True),
        ("0", False, False),
        ([0], False, False),
        ({"a": {"b": False}}, False, True),
        ({"a": {"b": True}}, False, False),
    ],
)
def test_a_map_of_nothing_but_empty_values_is_hollow(value: Any, empty: bool, hollow: bool) -> None:
    assert (is_empty(value), is_hollow(value)) == (empty, hollow)


def test_nulls_in_maps_are_left_out_at_any_depth() -> None:
    assert without_nulls({"a": None, "b": [{"c": None}, None]}) == {"b": [{}, None]}
