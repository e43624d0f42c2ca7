"""Real clusters, started once for each test process and always stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sluice.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class ClusterAccess:
    """A cluster's kubeconfig context, and `kubectl` on it."""

    kubeconfig: Path
    context: str
    programs: Path

    def kubectl(self, *arguments: str, manifest: str | None = None) -> str:
        """What `kubectl` prints; a failure raises CalledProcessError with its stderr."""
        cache = self.kubeconfig.with_name("kubectl-cache")
        where = [
            f"--kubeconfig={self.kubeconfig}",
            f"--context={self.context}",
            f"--cache-dir={cache}",
        ]
        return subprocess.run(
            [self.programs / "kubectl", *where, *arguments],
            input=manifest,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


Access = Callable[[Sandbox, str], ClusterAccess]


@pytest.fixture(scope="session")
def sandbox(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The three clusters and the charts, one set for each test process."""
    box = Sandbox(tmp_path_factory.mktemp("sluice") / "sandbox")
    try:
        box.up(programs)
        yield box
    finally:
        box.down()


@pytest.fixture(scope="session")
def access(programs: Path) -> Access:
    """The way into a cluster of a sandbox, by name."""

    def give(box: Sandbox, name: str) -> ClusterAccess:
        return ClusterAccess(box.kubeconfig, name, programs)

    return give


@pytest.fixture(scope="session")
def cluster(sandbox: Sandbox, access: Access) -> ClusterAccess:
    """One of the sandbox's clusters: dev-cluster."""
    return access(sandbox, "dev-cluster")
