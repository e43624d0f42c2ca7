"""`up` and `down` from every state that a sandbox can be in."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from sluice.sandbox.errors import PortTakenError, ProgramExitedError
from sluice.sandbox.processes.process import strays
from tests.sandboxes import always_stopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sluice.sandbox.sandbox import Sandbox
    from tests.integration.conftest import Access

ONE = ("dev-cluster",)
UP = """
import sys
from pathlib import Path
from sluice.sandbox.sandbox import Sandbox
Sandbox(Path(sys.argv[1])).up(Path(sys.argv[2]), ["dev-cluster"])
"""


@pytest.fixture(scope="module")
def one_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox of one cluster, which each test brings up as the one before has left it."""
    with always_stopped(tmp_path_factory.mktemp("lifecycle") / "sandbox") as box:
        yield box


def test_up_twice_starts_nothing_new(one_cluster: Sandbox, programs: Path) -> None:
    one_cluster.up(programs, ONE)
    first = one_cluster.status()
    one_cluster.up(programs, ONE)
    assert [row.pid for row in one_cluster.status()] == [row.pid for row in first]


def test_the_state_and_the_kubeconfig_survive_down_and_up(
    one_cluster: Sandbox, programs: Path, access: Access
) -> None:
    one_cluster.up(programs, ONE)
    kubeconfig = one_cluster.kubeconfig.read_bytes()
    dev = access(one_cluster, "dev-cluster")
    dev.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    one_cluster.down()
    assert _processes(one_cluster) == []
    assert not any(row.ready or row.pid for row in one_cluster.status())
    one_cluster.up(programs, ONE)
    assert one_cluster.kubeconfig.read_bytes() == kubeconfig
    assert dev.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}") == "b"


@pytest.mark.parametrize("program", ["etcd", "kube-apiserver", "kube-controller-manager", "kwok"])
def test_up_repairs_after_a_program_was_killed(
    one_cluster: Sandbox, programs: Path, program: str
) -> None:
    one_cluster.up(programs, ONE)
    before = {row.program: row.pid for row in one_cluster.status()}
    psutil.Process(before[program]).kill()
    one_cluster.up(programs, ONE)
    after = {row.program: row for row in one_cluster.status()}
    assert after[program].pid != before[program]
    assert all(row.ready for row in after.values())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_up_leaves_nothing_behind_after_down(
    own_sandbox: Sandbox, programs: Path, how: signal.Signals
) -> None:
    _interrupt(_start_up(own_sandbox, programs), 1.5, how)
    own_sandbox.down()
    assert _processes(own_sandbox) == []


@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0])
def test_up_goes_on_after_it_was_killed(
    own_sandbox: Sandbox, programs: Path, access: Access, seconds: float
) -> None:
    _interrupt(_start_up(own_sandbox, programs), seconds, signal.SIGKILL)
    own_sandbox.up(programs, ONE)
    assert all(row.ready for row in own_sandbox.status())
    access(own_sandbox, "dev-cluster").kubectl("get", "nodes")
    own_sandbox.down()
    assert _processes(own_sandbox) == []


def test_down_finds_a_process_whose_record_was_lost(one_cluster: Sandbox, programs: Path) -> None:
    one_cluster.up(programs, ONE)
    for record in one_cluster.folder.rglob("run/*.json"):
        record.unlink()
    one_cluster.down()
    assert _processes(one_cluster) == []


def test_two_at_once_start_one_set(own_sandbox: Sandbox, programs: Path) -> None:
    both = [_start_up(own_sandbox, programs) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert len(_processes(own_sandbox)) == 5 + 1


def test_a_fixed_port_that_is_taken_is_named(own_sandbox: Sandbox, programs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} for dev-cluster is taken"):
            own_sandbox.up(programs, ONE, ports={"dev-cluster": port})


def test_a_kept_port_that_was_taken_meanwhile_is_replaced(
    one_cluster: Sandbox, programs: Path
) -> None:
    one_cluster.up(programs, ONE)
    port = _api_port(one_cluster)
    one_cluster.down()
    with socket.create_server(("127.0.0.1", port)):
        one_cluster.up(programs, ONE)
    assert _api_port(one_cluster) != port
    assert all(row.ready for row in one_cluster.status())


def test_another_fixed_port_moves_a_running_cluster(
    one_cluster: Sandbox, programs: Path, access: Access
) -> None:
    one_cluster.up(programs, ONE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    one_cluster.up(programs, ONE, ports={"dev-cluster": port})
    assert _api_port(one_cluster) == port
    access(one_cluster, "dev-cluster").kubectl("get", "nodes")


def test_a_program_that_ends_at_once_is_named_with_its_last_words(
    own_sandbox: Sandbox, programs: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"):
        (broken / program).symlink_to(programs / program)
    (broken / "etcd").write_text("#!/bin/sh\necho no room on the disk\nexit 1\n")
    (broken / "etcd").chmod(0o755)
    with pytest.raises(ProgramExitedError) as failure:
        own_sandbox.up(broken, ONE)
    message = str(failure.value)
    assert "etcd of dev-cluster" in message
    assert "logs/etcd.log" in message
    assert "no room on the disk" in message


def _start_up(sandbox: Sandbox, programs: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", UP, sandbox.folder, programs], stderr=subprocess.DEVNULL
    )


def _interrupt(process: subprocess.Popen[bytes], seconds: float, how: signal.Signals) -> None:
    time.sleep(seconds)
    process.send_signal(how)
    process.wait(timeout=30)


def _processes(sandbox: Sandbox) -> list[int]:
    return [process.pid for _, process in strays(sandbox.folder, ())]


def _api_port(sandbox: Sandbox) -> int | None:
    return {row.program: row.port for row in sandbox.status()}["kube-apiserver"]
