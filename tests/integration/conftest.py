"""Real clusters, one set for all test processes, and always stopped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest
from filelock import FileLock

from sluice.sandbox.sandbox import Sandbox

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


CLUSTERS = ("dev-cluster", "staging-cluster")
Access = Callable[[Sandbox, str], ClusterAccess]


@pytest.fixture(scope="session")
def sandbox(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Two of the clusters and the charts, which the test processes of a run have in common.

    The last of them to end stops it. A test has namespaces of its own; tests
    that share what is not in a namespace are in one `xdist_group`.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    box = Sandbox(shared / "sluice" / "sandbox")
    users = shared / "sluice" / "users"
    users.mkdir(parents=True, exist_ok=True)
    me, turns = users / str(os.getpid()), FileLock(shared / "sluice.lock")
    try:
        with turns:
            me.touch()
            box.up(programs, CLUSTERS)
        yield box
    finally:
        with turns:
            me.unlink()
            if not any(psutil.pid_exists(int(user.name)) for user in users.iterdir()):
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
