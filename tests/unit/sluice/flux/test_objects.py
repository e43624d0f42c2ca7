"""What all of Flux's objects share."""

from __future__ import annotations

from sluice.declaration.records import SECRET
from sluice.flux.objects import without_secrets


def test_secret_values_are_left_out_and_their_paths_are_named() -> None:
    values = {"auth": {"user": "ada", "password": SECRET}, "keys": ["a", SECRET], "b.c": SECRET}
    assert without_secrets(values) == (
        {"auth": {"user": "ada"}, "keys": ["a", None]},
        ["auth.password", "keys[1]", r"b\.c"],
    )
