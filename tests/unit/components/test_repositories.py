from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from components import HelmRepository, OCIRepository

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (HelmRepository, "https://charts.example.org/stable"),
        (HelmRepository, "http://127.0.0.1:8879"),
        (OCIRepository, "oci://registry.example.org/charts"),
    ],
)
def test_a_repository_makes_no_object_and_keeps_its_url(
    declare: Declare, kind: type[HelmRepository | OCIRepository], url: str
) -> None:
    registered = declare(lambda: kind("charts", f"{url}/"))
    assert registered.names() == ["charts"]
    assert registered.outputs[f"{kind.__name__} charts"] == {"url": url}


@pytest.mark.parametrize(
    ("kind", "name", "url", "problem"),
    [
        (HelmRepository, "charts", "oci://a/b", "url: 'oci://a/b' does not start with https://"),
        (HelmRepository, "charts", "charts.org", "does not start with https:// or http://"),
        (OCIRepository, "charts", "https://a/b", "url: 'https://a/b' does not start with oci://"),
        (HelmRepository, "My Charts", "https://a", "name: 'My Charts' is not lower-case letters"),
    ],
)
def test_a_wrong_repository_is_refused_where_it_is_declared(
    refused: Callable[..., str],
    here: str,
    kind: type[HelmRepository | OCIRepository],
    name: str,
    url: str,
    problem: str,
) -> None:
    error = refused(lambda: kind(name, url))
    assert re.match(rf"{re.escape(here)}:\d+: {kind.__name__} {name!r}: ", error)
    assert problem in error
