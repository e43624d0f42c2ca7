"""A sandbox that a test may break, and Helm for the charts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.sandboxes import always_stopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sluice.sandbox.sandbox import Sandbox

Helm = Callable[..., str]


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of the test's own, not started, and always stopped."""
    with always_stopped(tmp_path / "state" / "sandbox") as box:
        yield box


@pytest.fixture(scope="session")
def helm(sandbox: Sandbox, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """`helm` on dev-cluster; a failure raises CalledProcessError with its stderr."""
    home = tmp_path_factory.mktemp("helm")
    environment = {
        "HOME": str(home),
        "HELM_CACHE_HOME": str(home / "cache"),
        "HELM_CONFIG_HOME": str(home / "config"),
        "HELM_DATA_HOME": str(home / "data"),
        "KUBECONFIG": str(sandbox.kubeconfig),
        "HELM_KUBECONTEXT": "dev-cluster",
    }

    def run(*arguments: str) -> str:
        return subprocess.run(
            [programs / "helm", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    return run
