from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from components.errors import ArtifactError, SluiceError
from components.lib.locks.image_source import ImageSource
from components.lib.locks.locked_chart import ChartRequest
from components.lib.locks.locked_image import ImageRequest
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from sluice.commands.images_scan import scan_command
from sluice.images import scanning
from sluice.stack.stack import Stack

APP, OTHER = "gitea.local/raibid/app", "gitea.local/raibid/other"
LOCK = f"""\
images:
  app:
    repository: {APP}
    policy: semver 1.x
    tag: 1.4.1
    digest: sha256:{"a" * 64}
    updated: 2026-11-25
    reason: "first locked"
"""


class Registry:
    """One image in three versions, and another that cannot be read."""

    def tags(self, source: ImageSource) -> list[str]:
        if source.image == OTHER:
            raise ArtifactError("The registry cannot be read.")
        return ["1.4.1", "1.4.2", "2.0.0"]

    def selected(self, request: ImageRequest) -> str:
        return request.policy.latest(self.tags(request.source)) or ""


def request(name: str, image: str) -> ImageRequest:
    policy = TagPolicy(SemVerPolicy("1.x"))
    return ImageRequest(name=name, source=ImageSource(image), policy=policy)


@pytest.fixture(autouse=True)
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack with a policy, a chart and nothing deployed."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: infrastructure\n")
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "stacks" / "dev.lock.yaml").write_text(LOCK)
    chart = ChartRequest(name="redis", source="https://charts.org", chart="redis", range="*")
    monkeypatch.setattr(scanning, "requests", lambda *_: [chart, request("app", APP)])
    monkeypatch.setattr(scanning, "remote_images", lambda *_: Registry())
    monkeypatch.setattr(Stack, "state", _state([]))
    monkeypatch.setattr("sluice.commands.images_scan.enter", lambda _: None)
    monkeypatch.chdir(tmp_path)


def _state(resources: list[Any]) -> Any:
    return lambda *_: SimpleNamespace(resources=lambda: resources)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(scan_command, arguments)


def test_what_is_there_selected_locked_and_deployed_is_one_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployed = SimpleNamespace(
        name="app", type="sluice:image:ImagePolicy", outputs={"image": f"{APP}:1.4.0@sha256:abc"}
    )
    monkeypatch.setattr(Stack, "state", _state([deployed]))
    result = run("-o", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == [
        {
            "stack": "dev",
            "name": "app",
            "repository": APP,
            "policy": "semver 1.x",
            "tags": 3,
            "selected": "1.4.2",
            "locked": "1.4.1",
            "running": "1.4.0",
            "message": "",
        }
    ]


def test_what_cannot_be_read_is_said_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [request("zoo", OTHER), request("app", APP)]
    monkeypatch.setattr(scanning, "requests", lambda *_: asked)
    result = run()
    assert result.exit_code == 2
    _, first, second = result.stdout.splitlines()
    assert first.split() == ["dev", "app", APP, "3", "1.4.2", "1.4.1", "-"]
    assert second.split() == ["dev", "zoo", OTHER, "-", "-", "-", "-"]
    assert result.stderr == "✗ The registry cannot be read.\n"


def test_a_state_that_cannot_be_read_leaves_out_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> Any:
        raise SluiceError("no backend")

    monkeypatch.setattr(Stack, "state", unreadable)
    assert run().stdout.splitlines()[1].split()[-1] == "-"


def test_stacks_without_a_policy_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "requests", lambda *_: [])
    assert run().stdout == "no stack has an ImagePolicy\n"
