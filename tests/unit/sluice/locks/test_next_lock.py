"""What checks signatures is there before anything is resolved."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import toolchain
from components.lib.artifacts.chart_source import RemoteCharts
from components.lib.locks.locked_chart import ChartRequest, LockedChart
from components.lib.signatures.cosign import CosignVerification
from components.lib.signatures.verification import Verification, trusted
from sluice.locks import next_lock as locking
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

Resolve = Callable[[Verification | None], str]


@pytest.fixture
def resolve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Lock a chart that has to be signed as given; the PATH that it is looked up with."""
    (tmp_path / "Pulumi.yaml").write_text("name: infrastructure\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").touch()
    (tmp_path / "cosign.pub").write_text("a key")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(toolchain, "provide", lambda purpose: Path("/obtained") / purpose)

    def run(verification: Verification | None) -> str:
        asked: Any = ChartRequest(
            name="web",
            source="oci://registry.local/charts",
            chart="web",
            range="*",
            verify=trusted(verification, tmp_path),
        )
        paths: list[str] = []

        def newest(*_: object) -> LockedChart:
            paths.append(os.environ["PATH"])
            return LockedChart(
                name="web", **asked.asked(), version="1.0.0", digest=f"sha256:{'0' * 64}"
            )

        monkeypatch.setattr(RemoteCharts, "newest", newest)
        monkeypatch.setattr(locking, "requests", lambda *_: [asked])
        locking.look_ups_of.cache_clear()
        locking.next_locks([Stack(Repository(tmp_path), "dev")])
        (path,) = paths
        return path

    return run


def test_a_verifier_that_the_machine_does_not_have_is_obtained(
    resolve: Resolve, tmp_path: Path
) -> None:
    key = CosignVerification(key="cosign.pub")
    assert resolve(None) == f"{tmp_path}/bin"
    assert resolve(key) == f"{tmp_path}/bin:/obtained/signatures"


def test_the_machines_own_is_used(resolve: Resolve, tmp_path: Path) -> None:
    (tmp_path / "bin" / "cosign").touch(mode=0o755)
    assert resolve(CosignVerification(key="cosign.pub")) == f"{tmp_path}/bin"
