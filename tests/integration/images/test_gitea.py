"""Images in Gitea's own registry."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.image_source import ImageSource
from components.lib.locks.locked_image import ImageRequest
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.registry.etag_cache import ETagCache
from tests.gitea_sandbox import GiteaSandbox
from tests.registry import Registry


def test_an_image_that_is_pushed_to_gitea_is_selected_and_locked(
    gitea: GiteaSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = urlsplit(gitea.service.credentials_file.read_text().splitlines()[0])
    user, password = unquote(known.username or ""), unquote(known.password or "")
    host = urlsplit(gitea.service.url).netloc
    registry = Registry(host, f"http://{host}", auth=(user, password))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    image = f"{user}/my-app"
    single = registry.push(image, "1.0.0", "1.4.1")
    index = registry.push_index(image, single, "1.4.2", "v2.0.0")
    asked = ImageRequest(
        name="my-app",
        source=ImageSource(f"{host}/{image}"),
        policy=TagPolicy(SemVerPolicy(">=1.0.0 <2.0.0")),
    )

    def locked_as(word: str) -> str:
        encoded = base64.b64encode(f"{user}:{word}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": encoded}}}))
        return RemoteImages(tmp_path, cache=ETagCache(tmp_path)).newest(asked, None).image

    assert locked_as(password) == f"{host}/{image}:1.4.2@{index}"
    with pytest.raises(
        ArtifactError, match=f"denies the user '{user}' access to {image} .HTTP 401"
    ):
        locked_as("wrong")

    registry.push(image, "1.10.0")
    assert f"{image}:1.10.0@" in locked_as(password)
