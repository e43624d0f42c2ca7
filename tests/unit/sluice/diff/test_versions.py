"""Which images and charts run in another version after a change."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.diff.change import VersionChange
from sluice.diff.versions import version_changes


def pod(*images: str) -> dict[str, Any]:
    containers = [{"name": str(index), "image": image} for index, image in enumerate(images)]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("app:1.0", "app:1.1", ("app", "1.0", "1.1")),
        (
            "gitea.local:3000/a/app:1",
            "gitea.local:3000/a/app:2",
            ("gitea.local:3000/a/app", "1", "2"),
        ),
        ("app", "app:2", ("app", "latest", "2")),
        ("app@sha256:ab", "app@sha256:cd", ("app", "sha256:ab", "sha256:cd")),
    ],
)
def test_an_image_s_tag_or_digest_is_its_version(
    before: str, after: str, change: tuple[str, str, str]
) -> None:
    assert version_changes(pod(before), pod(after)) == (VersionChange("image", *change),)


def test_an_image_that_comes_or_goes_has_one_version_only() -> None:
    assert version_changes(None, pod("app:1")) == (VersionChange("image", "app", "", "1"),)
    assert version_changes(pod("app:1"), None) == (VersionChange("image", "app", "1", ""),)
    assert version_changes(pod("app:1", "side:2"), pod("app:1", "side:2")) == ()


def test_a_chart_s_version_is_read_from_its_file_in_the_cache() -> None:
    before, after = (
        {"chart": f"./.sluice/charts/kube-state-{version}-0123456789ab.tgz"}
        for version in ("5.1.0", "5.2.0-rc.1")
    )
    assert version_changes(before, after) == (
        VersionChange("chart", "kube-state", "5.1.0", "5.2.0-rc.1"),
    )
    assert version_changes({"chart": "./charts/web"}, {"chart": "./charts/web"}) == ()
