"""Images in Gitea's registry, which tell workflows of a push once they are the repository's."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.gitea.client import Gitea
from tests.unit.sluice.fake_gitea import FakeGitea

PACKAGE = "/api/v1/packages/raibid/container/team%2Fmy-app"
LINK = f"POST {PACKAGE}/-/link/infrastructure"
IMAGE = "git.example.com/raibid/team/my-app"


def test_an_image_of_no_repository_is_linked(server: FakeGitea, gitea: Gitea) -> None:
    server.on(f"GET {PACKAGE}", (200, [{"version": "1.0.0", "repository": None}]))
    server.on(LINK, (201, b""))
    assert gitea.link_image(IMAGE)
    assert LINK in server.sent


@pytest.mark.parametrize("versions", [[], [{"version": "1.0.0", "repository": {"id": 7}}]])
def test_one_that_is_linked_or_not_there_is_left(
    server: FakeGitea, gitea: Gitea, versions: list[dict[str, Any]]
) -> None:
    server.on(f"GET {PACKAGE}", (200, versions))
    assert not gitea.link_image(IMAGE)


@pytest.mark.parametrize(
    "image", ["nginx", "ghcr.io/raibid/my-app", "git.example.com/others/my-app"]
)
def test_an_image_of_others_is_not_asked_for(server: FakeGitea, gitea: Gitea, image: str) -> None:
    assert not gitea.link_image(image)
    assert server.sent == []
