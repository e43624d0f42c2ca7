from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import psutil
import pytest

from sluice.sandbox.processes.process import (
    Unit,
    find,
    last_lines,
    read_record,
    start,
    stop,
    strays,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PYTHON = (sys.executable, "-I", "-S", "-c")
SLEEP = [*PYTHON, "import time; time.sleep(60)"]
IGNORE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
STUBBORN = [*PYTHON, f"{IGNORE}; print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    place = Unit("dev-cluster", "etcd", tmp_path)
    yield place
    stop([process for _, process in strays(tmp_path, ())], limit=2)


def test_a_started_program_is_found_by_its_record(unit: Unit) -> None:
    start(unit, SLEEP, {})
    process, record = find(unit), read_record(unit)
    assert process is not None
    assert record is not None
    assert process.pid == record.pid
    assert record.command == tuple(SLEEP)


def test_it_runs_in_a_session_of_its_own(unit: Unit) -> None:
    start(unit, SLEEP, {})
    process = find(unit)
    assert process is not None
    assert os.getsid(process.pid) == process.pid


def test_one_that_ended_is_not_found(unit: Unit) -> None:
    start(unit, [*PYTHON, "print('last words')"], {})
    _until(lambda: find(unit) is None)
    assert last_lines(unit.log) == ["last words"]


def test_a_reused_pid_is_neither_found_nor_stopped(unit: Unit) -> None:
    start(unit, SLEEP, {})
    record, stranger = read_record(unit), find(unit)
    assert record is not None
    assert stranger is not None
    another_time = replace(record, started=record.started - 3600)
    unit.record.write_text(json.dumps(asdict(another_time)))
    assert find(unit) is None
    assert stranger.is_running()


def test_a_record_that_is_not_one_is_as_none(unit: Unit) -> None:
    unit.record.parent.mkdir()
    unit.record.write_text("{")
    assert read_record(unit) is None
    assert find(unit) is None


def test_a_process_without_a_record_is_a_stray_of_its_folder_only(
    unit: Unit, tmp_path: Path
) -> None:
    start(unit, SLEEP, {})
    pid = psutil.Process(_pid(unit)).pid
    assert [(name, found.pid) for name, found in strays(tmp_path, ())] == [("etcd", pid)]
    assert strays(tmp_path, {pid}) == []
    assert strays(tmp_path / "other", ()) == []


def test_what_a_known_process_started_is_no_stray(tmp_path: Path) -> None:
    runner = Unit("gitea", "gitea-runner", tmp_path)
    start(runner, ["sh", "-c", "sleep 60; true"], {"PATH": "/usr/bin:/bin"})
    process = find(runner)
    assert process is not None
    while not process.children():
        pass
    assert len(strays(tmp_path, ())) == 2
    assert strays(tmp_path, {process.pid}) == []


def test_stop_ends_a_process(unit: Unit) -> None:
    start(unit, SLEEP, {})
    process = find(unit)
    assert process is not None
    stop([process])
    assert find(unit) is None


def test_stop_kills_what_does_not_want_to_end(unit: Unit) -> None:
    start(unit, STUBBORN, {})
    process = find(unit)
    assert process is not None
    _until(lambda: last_lines(unit.log) == ["up"])
    stop([process], limit=0.3)
    assert find(unit) is None


def test_the_log_of_the_run_before_is_kept(unit: Unit) -> None:
    for word in ("first", "second"):
        start(unit, [*PYTHON, f"print({word!r})"], {})
        _until(lambda: find(unit) is None)
    assert last_lines(unit.log) == ["second"]
    assert last_lines(unit.log.with_suffix(".previous.log")) == ["first"]


def _pid(unit: Unit) -> int:
    record = read_record(unit)
    assert record is not None
    return record.pid


def _until(is_done: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.02)
