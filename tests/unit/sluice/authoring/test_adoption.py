"""Which part of what is live was changed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.authoring.adoption import _by_hand, _without_secrets


def item(name: str) -> str:
    return f'k:{{"name":"{name}"}}'


@pytest.mark.parametrize(
    ("patch", "written", "deployed", "kept"),
    [
        pytest.param(
            {"replicas": 5}, {"f:replicas": {}}, {"replicas": 2}, {"replicas": 5}, id="scaled"
        ),
        pytest.param(
            {"replicas": 5}, {"f:replicas": {}}, {"replicas": 5}, {"replicas": 5}, id="refreshed"
        ),
        pytest.param({"replicas": 2}, {}, {"replicas": 2}, {}, id="Git says 3 now"),
        pytest.param({"a": None}, {}, {}, {}, id="Git has a new field"),
        pytest.param({"a": None}, {}, {"a": 1}, {"a": None}, id="somebody took it out"),
        pytest.param(
            {"probe": {"path": "/", "period": 10}}, {}, {"probe": {"path": "/"}}, {}, id="completed"
        ),
        pytest.param(
            {"args": ["a", "b"]}, {"f:args": {}}, {"args": ["a"]}, {"args": ["a", "b"]}, id="a list"
        ),
        pytest.param(
            {"resources": {"limits": {"cpu": "1"}}},
            {"f:resources": {}},
            {},
            {"resources": {"limits": {"cpu": "1"}}},
            id="a map that is owned whole",
        ),
        pytest.param(
            {
                "containers": [
                    {"name": "a", "image": "a:2", "tty": True},
                    {"name": "b", "$patch": "delete"},
                    {"name": "c", "image": "c:1", "pull": "Always"},
                    {"name": "d", "$patch": "delete"},
                ]
            },
            {"f:containers": {item("a"): {"f:image": {}}}},
            {"containers": [{"name": "a"}, {"name": "c", "image": "c:1"}, {"name": "d"}]},
            {"containers": [{"name": "a", "image": "a:2"}, {"name": "d", "$patch": "delete"}]},
            id="containers",
        ),
    ],
)
def test_only_what_somebody_else_has_written_was_changed_by_hand(
    patch: Any, written: Any, deployed: Any, kept: Any
) -> None:
    assert _by_hand(patch, [written] if written else [], deployed) == kept


def test_a_secret_value_is_not_in_what_is_kept() -> None:
    declared = {"spec": {"env": [{"name": "A", "value": "[secret]"}, {"name": "B", "value": "1"}]}}
    both = [{"name": "A", "value": "hush"}, {"name": "B", "value": "2"}]
    kept = _without_secrets({"spec": {"env": both}}, declared)
    assert kept == {"spec": {"env": [{"name": "B", "value": "2"}]}}
    assert _without_secrets({"spec": {"env": both[:1]}}, declared) == {}
