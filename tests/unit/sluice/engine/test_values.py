"""What a person is told of an object's values, read from the engine's events."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import rpc

from sluice.diff.change import FieldDifference
from sluice.engine.values import field_changes, shown

SECRET = {rpc._special_sig_key: rpc._special_secret_sig, "ciphertext": "[secret]"}


def changes(
    before: dict[str, Any], after: dict[str, Any], *paths: str
) -> list[tuple[str, Any, Any]]:
    found = field_changes(shown(before), shown(after), paths)
    return [(field.path, field.before, field.after) for field in found]


def test_each_field_is_told_with_the_value_before_and_after() -> None:
    before = {"spec": {"replicas": 1, "paused": True}, "data": {"a.b": "x"}}
    after = {"spec": {"replicas": 3}, "data": {"a.b": "y"}}
    assert changes(before, after) == [
        ('data["a.b"]', "x", "y"),
        ("spec.paused", True, None),
        ("spec.replicas", 1, 3),
    ]


def test_an_item_that_is_added_to_a_list_is_told_by_its_name() -> None:
    before = {"env": [{"name": "A", "value": "1"}]}
    after = {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]}
    assert changes(before, after) == [("env[name=B]", None, {"name": "B", "value": "2"})]


@pytest.mark.parametrize("secret", [SECRET, "[secret]"])
def test_a_secret_that_changes_is_told_by_the_engine_s_path_and_masked(secret: Any) -> None:
    before = {"kind": "Secret", "data": {"PASSWORD": secret, "OTHER": secret}}
    assert changes(before, before, "data.PASSWORD") == [
        ("data.PASSWORD", "*** (before)", "*** (after)")
    ]
    whole = {"kind": "ConfigMap", "data": {"a-b": [secret]}}
    assert changes(whole, whole, 'data["a-b"][0]') == [
        ('data["a-b"][0]', "*** (before)", "*** (after)")
    ]


def test_a_secret_s_plain_values_are_masked_too() -> None:
    sides: list[dict[str, Any]] = [
        {"kind": "Secret", "stringData": {"PASSWORD": value}} for value in ("old", "new")
    ]
    assert changes(*sides) == [("stringData.PASSWORD", "*** (before)", "*** (after)")]


def test_a_path_whose_values_are_not_known_is_told_all_the_same() -> None:
    assert field_changes({}, {}, ["status"]) == (FieldDifference("status", None, None),)


def test_what_the_engine_names_otherwise_is_told_once() -> None:
    before, after = {"data": {"a-b": "1"}}, {"data": {"a-b": "2"}}
    assert len(changes(before, after, 'data["a-b"]')) == 1
    assert len(changes(before, after, "data")) == 1
