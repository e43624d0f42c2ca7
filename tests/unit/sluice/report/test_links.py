"""Where a person finds what a version is."""

from __future__ import annotations

import pytest

from sluice.diff.change import VersionChange
from sluice.report.links import version_link

SERVER = "https://git.example.com/sub"


@pytest.mark.parametrize(
    ("image", "version", "link"),
    [
        ("redis", "7.2", "https://hub.docker.com/_/redis/tags?name=7.2"),
        ("docker.io/library/redis", "7", "https://hub.docker.com/_/redis/tags?name=7"),
        ("bitnami/redis", "sha256:ab", "https://hub.docker.com/r/bitnami/redis/tags"),
        ("quay.io/a/b", "1", "https://quay.io/repository/a/b?tab=tags"),
        ("ghcr.io/a/b", "1", "https://ghcr.io/a/b"),
        (
            *("git.example.com/raibid/agents/ci", "1.5"),
            "https://git.example.com/sub/raibid/-/packages/container/agents%2Fci/1.5",
        ),
        ("registry.example.com/a/b", "1", ""),
        ("redis", "", ""),
        ('x"><script>', "<b>", "https://hub.docker.com/_/x%22%3E%3Cscript%3E/tags?name=%3Cb%3E"),
    ],
)
def test_an_image_has_its_registry_s_page(image: str, version: str, link: str) -> None:
    assert version_link(VersionChange("image", image, "0", version), {}, SERVER) == link


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://ada:pw@charts.example.com/stable", "https://charts.example.com/stable"),
        (
            "oci://registry-1.docker.io/bitnamicharts",
            "https://hub.docker.com/r/bitnamicharts/c/tags",
        ),
        ("oci://ghcr.io/team", "https://ghcr.io/team/c"),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_chart_has_its_source(source: str, link: str) -> None:
    assert version_link(VersionChange("chart", "c", "1", "2"), {"c": source}, SERVER) == link
