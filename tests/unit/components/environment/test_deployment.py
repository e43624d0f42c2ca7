from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components import Environment, Namespace, deploy, member
from components.environment.deployment import make_environment
from components.runtime.provider import PROVIDER_VERSION
from stacks import environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare


class Small(Environment):
    @member
    def a(self) -> Namespace:
        return Namespace("a")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: infrastructure\nconfig: {context: {}, kubeconfig: {}}"
    )
    return tmp_path


def test_an_environment_is_deployed_to_the_stack_s_cluster(declare: Declare, root: Path) -> None:
    registered = declare(
        lambda: make_environment(lambda _stack: Small, root),
        config={"infrastructure:context": "dev-cluster"},
    )
    provider = registered.one("kubernetes")
    assert provider.inputs == {
        "context": "dev-cluster",
        "enableServerSideApply": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
    }
    assert provider.request.version == PROVIDER_VERSION
    made = registered.one("Namespace", "a:a")
    assert "::dev-cluster::" in made.request.provider


def test_a_kubeconfig_of_its_own_is_passed_on(declare: Declare, root: Path) -> None:
    config = {"infrastructure:context": "x", "infrastructure:kubeconfig": "/etc/kubeconfig"}
    registered = declare(lambda: make_environment(lambda _stack: Small, root), config=config)
    assert registered.one("kubernetes")["kubeconfig"] == "/etc/kubeconfig"


def test_a_stack_without_a_context_is_refused(refused: Callable[..., str], root: Path) -> None:
    error = refused(lambda: make_environment(lambda _stack: Small, root), stack="qa")
    assert error == "stacks/Pulumi.qa.yaml: infrastructure:context is not set, want str"


def test_a_stack_without_a_file_is_refused(refused: Callable[..., str], root: Path) -> None:
    config = {"infrastructure:context": "x"}
    error = refused(lambda: make_environment(environment, root), config=config, stack="qa")
    assert error == "stack 'qa' has no stacks/qa.py; write one or name another"


def test_what_is_wrong_ends_the_program_with_one_sentence(
    declare: Declare,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(root)
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    declare(lambda: deploy(lambda _stack: Small), stack="qa")
    assert ended == [32]
    assert "infrastructure:context is not set" in caplog.text
