from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from sluice.sandbox.errors import PortTakenError
from sluice.sandbox.processes.ports import claimed, is_free, settle, unused_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_a_port_is_free_again_when_the_listener_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert is_free(port)


def test_unused_ports_never_repeat() -> None:
    ports = list(itertools.islice(unused_ports(frozenset()), 50))
    assert len(set(ports)) == 50
    assert all(20000 <= port <= 29999 for port in ports)


def test_another_process_is_not_given_what_this_one_has_not_begun_to_listen_on() -> None:
    port = next(unused_ports(frozenset()))
    choice = f"""
from sluice.sandbox.processes import ports
ports.FIRST = ports.LAST = {port}
next(ports.unused_ports(frozenset()))
"""
    other = subprocess.run(
        [sys.executable, "-c", choice], capture_output=True, text=True, check=False
    )
    assert f"no free port between {port} and {port}" in other.stderr


def test_a_port_is_claimed_by_one_at_a_time() -> None:
    port = next(unused_ports(frozenset()))
    with claimed(port) as first, claimed(port) as second:
        assert (first, second) == (True, False)
    with claimed(port) as again:
        assert again


def test_a_claim_that_is_somebody_elses_to_make_is_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"sluice-{os.getuid()}-port-30080.lock").mkdir()
    with claimed(30080) as ours:
        assert not ours


def test_a_kept_port_stays() -> None:
    port = next(unused_ports(frozenset()))
    settled = settle("dev", {"api": port, "etcd": None}, fixed={}, running=frozenset())
    assert settled["api"] == port
    assert settled["etcd"] not in {port, None}


def test_a_kept_port_that_was_taken_is_replaced(taken: int) -> None:
    assert settle("dev", {"api": taken}, fixed={}, running=frozenset())["api"] != taken


def test_a_port_taken_by_the_program_itself_stays(taken: int) -> None:
    assert settle("dev", {"api": taken}, fixed={}, running={"api"}) == {"api": taken}
    fixed = settle("dev", {"api": taken}, fixed={"api": taken}, running={"api"})
    assert fixed == {"api": taken}


def test_a_fixed_port_that_is_taken_is_an_error_that_names_it(taken: int) -> None:
    with pytest.raises(PortTakenError, match=f"port {taken} for dev-cluster is taken"):
        settle("dev-cluster", {"api": None}, fixed={"api": taken}, running=frozenset())


def test_a_fixed_port_taken_by_a_stranger_is_an_error_even_if_the_program_runs(taken: int) -> None:
    with pytest.raises(PortTakenError):
        settle("dev", {"api": taken - 1}, fixed={"api": taken}, running={"api"})
