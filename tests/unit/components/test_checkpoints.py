from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components import Environment, HelmRelease, HelmReleaseArgs, Namespace, member
from components.environment.deployment import make_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare

AT_END = {"infrastructure:context": "x", "infrastructure:checkpoints": "end"}


class Objects(Environment):
    @member
    def a(self) -> Namespace:
        return Namespace("a")


class WithRelease(Objects):
    @member
    def redis(self) -> HelmRelease:
        return HelmRelease("redis", HelmReleaseArgs(chart="./chart", namespace=self.a))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: infrastructure\nconfig: {context: {}, checkpoints: {}}"
    )
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("name: redis\nversion: 1.0.0\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_objects_may_be_saved_at_the_end(declare: Declare, root: Path) -> None:
    registered = declare(lambda: make_environment(lambda _stack: Objects, root), config=AT_END)
    assert registered.one("Namespace", "a:a")


def test_a_release_may_not(refused: Callable[..., str], root: Path) -> None:
    error = refused(
        lambda: make_environment(lambda _stack: WithRelease, root), config=AT_END, stack="qa"
    )
    assert error == (
        "stacks/Pulumi.qa.yaml: infrastructure:checkpoints: end is for Kubernetes objects only, "
        "and 'redis' is a kubernetes:helm.sh/v3:Release"
    )


def test_by_default_a_release_is_saved_as_it_goes(declare: Declare, root: Path) -> None:
    config = {"infrastructure:context": "x"}
    registered = declare(lambda: make_environment(lambda _stack: WithRelease, root), config=config)
    assert registered.one("Release")
