from __future__ import annotations

from typing import Any

import pytest

from components.errors import DeclarationError
from components.helm.values import with_value


@pytest.mark.parametrize(
    ("values", "path", "text", "result"),
    [
        ({}, "a", "x", {"a": "x"}),
        ({"a": {"b": 1}}, "a.c", "x", {"a": {"b": 1, "c": "x"}}),
        ({"a": "text"}, "a.c", "x", {"a": {"c": "x"}}),
        ({}, "hosts[1].name", "x", {"hosts": [None, {"name": "x"}]}),
        ({"hosts": [{"port": 1}]}, "hosts[0].name", "x", {"hosts": [{"port": 1, "name": "x"}]}),
        ({}, r"labels.example\.org/a", "x", {"labels": {"example.org/a": "x"}}),
        ({}, "a", "3", {"a": 3}),
        ({}, "a", "0", {"a": 0}),
        ({}, "a", "007", {"a": "007"}),
        ({}, "a", "1.5", {"a": "1.5"}),
        ({}, "a", "True", {"a": True}),
        ({}, "a", "null", {"a": None}),
        ({}, "a", "'3'", {"a": "3"}),
        ({}, "a", "x,y", {"a": "x,y"}),
    ],
)
def test_a_value_goes_where_helms_set_puts_it(
    values: dict[str, Any], path: str, text: str, result: dict[str, Any]
) -> None:
    before = str(values)
    assert with_value(values, path, text) == result
    assert str(values) == before


@pytest.mark.parametrize("path", [".a", "a..b", "a[b]", "[0]", "a]["])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(DeclarationError, match="is not a path such as auth"):
        with_value({}, path, "x")
