from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DeclarationError
from components.lib.manifests import fields

DIGEST = "sha256:" + "0123456789abcdef" * 4

RIGHT: list[tuple[Callable[..., Any], list[Any]]] = [
    (fields.dns_label, ["a", "my-app", "0", "a" * 63]),
    (fields.dns_subdomain, ["a", "app.example.org", "a-b.c", "a" * 253]),
    (
        fields.quantity,
        ["250m", "128Mi", "2", "0.5", ".5", "1e3", "1E3", "-1", "+2k", "3Ei", 2, 0.5],
    ),
    (
        fields.image,
        [
            "web:1",
            "team/web:1.2-rc_1",
            "registry.local:5000/team/web:1",
            f"web@{DIGEST}",
            f"web:1@{DIGEST}",
            "localhost/a__b/c-d.e:latest",
        ],
    ),
    (fields.port, [1, 65535]),
    (fields.replicas, [0, 3]),
    (fields.release_name, ["a" * 53]),
]
WRONG: list[tuple[Callable[..., Any], list[Any]]] = [
    (fields.dns_label, ["", "A", "-a", "a-", "a_b", "a.b", "a" * 64, "a\n", "ü", 1, None]),
    (fields.dns_subdomain, ["", ".a", "a.", "a..b", "a.-b", "a" * 254, "a\n", "*.a"]),
    (fields.quantity, ["", "1GB", "1 Gi", "1ki", "m", "1.2.3", "1e", "1m1", "1Mi\n", True, None]),
    (
        fields.image,
        [
            "",
            "web",
            "Web:1",
            "web:",
            "web:1 ",
            "web@sha256:abc",
            "a//b:1",
            "https://a/b:1",
            "web:-1",
        ],
    ),
    (fields.port, [0, 65536, -1, "80", True, 1.0, None]),
    (fields.replicas, [-1, 2**31, "1", False]),
    (fields.duration, ["", "5", "5 m", "m5", "1m1h", "-5m", "1.5h", "5m\n", 5, None, "5d"]),
    (fields.release_name, ["a" * 54, "A"]),
    (fields.texts, ["text"]),
    (fields.mapping, [[], "a", None]),
]


@pytest.mark.parametrize(
    ("check", "value"), [(check, value) for check, values in RIGHT for value in values]
)
def test_a_right_value_is_returned_as_it_is(check: Callable[..., Any], value: Any) -> None:
    assert check("field", value) is value


@pytest.mark.parametrize(
    ("check", "value"), [(check, value) for check, values in WRONG for value in values]
)
def test_a_wrong_value_is_an_error_that_names_the_field(
    check: Callable[..., Any], value: Any
) -> None:
    with pytest.raises(DeclarationError, match=r"^field: "):
        check("field", value)


@pytest.mark.parametrize("check", [fields.quantity, fields.image, fields.port, fields.replicas])
def test_an_output_passes_for_it_is_known_only_later(check: Callable[..., Any]) -> None:
    output = pulumi.Output.__new__(pulumi.Output)
    assert check("field", output) is output


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h1m1s", 3661), ("0s", 0)]
)
def test_a_duration_is_read_in_seconds(written: str, seconds: int) -> None:
    assert fields.duration("timeout", written) == seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_any_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    written = f"{hours}h{minutes}m{seconds}s"
    assert fields.duration("timeout", written) == 3600 * hours + 60 * minutes + seconds
