from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from components import ImageOverride, Patch
from components.helm.post_renderer import PostRenderer, written

RENDERER = PostRenderer(
    images=[ImageOverride(name="web", digest="sha256:" + "0" * 64)],
    patches=[Patch(kind="Deployment", name="*", merge={"spec": {"replicas": 2}})],
)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_a_program_beside_its_kustomizations_in_turn() -> None:
    program = Path(written([RENDERER, PostRenderer()]))
    assert os.access(program, os.X_OK)
    first, second = sorted(program.parent.glob("*.yaml"))
    kustomization = yaml.safe_load(first.read_text())
    assert kustomization["resources"] == ["manifests.yaml"]
    assert kustomization["images"] == [{"name": "web", "digest": "sha256:" + "0" * 64}]
    assert kustomization["patches"][0]["target"]["kind"] == "Deployment"
    assert "patches" not in yaml.safe_load(second.read_text())


def test_its_path_changes_with_its_content_alone() -> None:
    assert written([RENDERER]) == written([RENDERER])
    assert written([RENDERER]) != written([PostRenderer()])
