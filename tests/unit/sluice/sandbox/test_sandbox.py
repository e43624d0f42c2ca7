from __future__ import annotations

from typing import TYPE_CHECKING

import git
import pytest

from sluice.sandbox import sandbox
from sluice.sandbox.control_plane.cluster import PROGRAMS
from sluice.sandbox.errors import NotReadyError, ProgramMissingError, SandboxError
from sluice.sandbox.gitea.service import Seed
from sluice.sandbox.processes.supervision import drive
from sluice.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def executables(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in PROGRAMS:
        (folder / program).touch(mode=0o755)
    return folder


@pytest.mark.parametrize("name", ["", "Dev", "a/b", "..", "-dev", "a" * 64, "dev_cluster"])
def test_a_name_that_no_context_can_have_is_refused(
    tmp_path: Path, executables: Path, name: str
) -> None:
    with pytest.raises(SandboxError, match="cannot name a cluster"):
        Sandbox(tmp_path / "sandbox").up(executables, [name])


@pytest.fixture
def seed(tmp_path: Path) -> Seed:
    (tmp_path / "checkout").mkdir()
    return Seed(
        checkout=tmp_path / "checkout",
        kubeconfig=tmp_path / "kubeconfig",
        preview_kubeconfig=tmp_path / "preview-kubeconfig",
        local=tmp_path / "checkout",
        passphrase="sandbox",  # noqa: S106 - known to everybody
    )


def test_gitea_needs_programs_of_its_own(tmp_path: Path, executables: Path, seed: Seed) -> None:
    with pytest.raises(ProgramMissingError, match="no executable gitea"):
        Sandbox(tmp_path / "sandbox").up(executables, gitea=seed)


def test_gitea_is_not_started_for_a_folder_without_a_commit(
    tmp_path: Path, executables: Path, seed: Seed
) -> None:
    for program in ("gitea", "gitea-runner"):
        (executables / program).touch(mode=0o755)
    with git.Repo.init(seed.checkout), pytest.raises(SandboxError, match="has no commit"):
        Sandbox(tmp_path / "sandbox").up(executables, gitea=seed)
    assert not (tmp_path / "sandbox").exists()


def test_the_runner_takes_jobs_once_all_that_they_work_on_is_ready(
    tmp_path: Path, executables: Path, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("gitea", "gitea-runner"):
        (executables / program).touch(mode=0o755)
    with git.Repo.init(seed.checkout) as repo:
        repo.index.commit("the platform")
    driven: list[set[str]] = []
    monkeypatch.setattr(sandbox, "drive", lambda tasks, *_: driven.append(set(tasks)))
    Sandbox(tmp_path / "sandbox").up(executables, ["dev-cluster"], gitea=seed)
    assert driven == [{"chart-server", "dev-cluster", "gitea"}, {"gitea-runner"}]


def test_a_missing_program_is_named(tmp_path: Path, executables: Path) -> None:
    (executables / "kwok").unlink()
    with pytest.raises(ProgramMissingError, match="no executable kwok"):
        Sandbox(tmp_path / "sandbox").up(executables)
    assert not (tmp_path / "sandbox").exists()


def test_a_port_for_a_cluster_that_is_not_started_is_refused(
    tmp_path: Path, executables: Path
) -> None:
    with pytest.raises(SandboxError, match="a port is given for test-cluster"):
        Sandbox(tmp_path / "sandbox").up(executables, ports={"test-cluster": 6443})


def test_the_same_port_for_two_clusters_is_refused(tmp_path: Path, executables: Path) -> None:
    ports = {"dev-cluster": 6443, "prod-cluster": 6443}
    with pytest.raises(SandboxError, match="the same port"):
        Sandbox(tmp_path / "sandbox").up(executables, ports=ports)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, executables: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxError, match=r"cannot keep its state in .*file/sandbox"):
        Sandbox(tmp_path / "file" / "sandbox").up(executables)


def test_what_was_never_started_is_empty_and_can_be_stopped(tmp_path: Path) -> None:
    box = Sandbox(tmp_path / "sandbox")
    box.down()
    assert box.status() == []
    assert box.mirrors == {}
    assert not box.folder.exists()


def test_progress_is_told_once_for_each_step() -> None:
    told: list[tuple[str, str]] = []
    drive({"dev": iter(["etcd", "etcd", "node"])}, lambda *step: told.append(step), limit=5)
    assert told == [("dev", "etcd"), ("dev", "node"), ("dev", "ready")]


def test_what_is_not_ready_in_time_is_named_with_what_it_waits_for() -> None:
    def forever() -> Iterator[str]:
        while True:
            yield "kube-apiserver"

    with pytest.raises(NotReadyError, match="dev waits for kube-apiserver"):
        drive({"dev": forever()}, lambda *_: None, limit=0.05)
