"""Detached processes that are found again, and that are never mistaken for others.

A started process is recorded with its pid and its start time; a pid that the
system gave to somebody else since then has another start time. Each also
carries its own name in its environment, so that one whose record could not be
written (the starter was killed at that moment) is still found and stopped.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from components.lib.files.atomic_file import write_if_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

__all__ = ["ProcessRecord", "Unit", "find", "last_lines", "read_record", "start", "stop", "strays"]

MARKER = "SLUICE_SANDBOX_UNIT"
CLOCK_TOLERANCE_SECONDS = 1.0  # the start time is derived from the wall clock, which is adjusted
STOP_LIMIT_SECONDS = 20.0
STOP_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Unit:
    """The place of one program: where its record and its log are kept."""

    owner: str
    program: str
    folder: Path

    @property
    def record(self) -> Path:
        """The file that says which process runs here."""
        return self.folder / "run" / f"{self.program}.json"

    @property
    def log(self) -> Path:
        """Everything that the program printed since it was last started."""
        return self.folder / "logs" / f"{self.program}.log"

    @property
    def marker(self) -> str:
        """The name that the process carries in its environment."""
        return str(self.record)


@dataclass(frozen=True)
class ProcessRecord:
    """A process as it was started."""

    pid: int
    started: float
    command: tuple[str, ...]


def start(unit: Unit, command: Sequence[str], environment: dict[str, str]) -> None:
    """Start `command` detached from this process, and record it."""
    unit.log.parent.mkdir(parents=True, exist_ok=True)
    if unit.log.exists():
        unit.log.replace(unit.log.with_suffix(".previous.log"))
    with unit.log.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=unit.folder,
            env=environment | {MARKER: unit.marker},
            start_new_session=True,
        )
    process.returncode = 0  # nobody waits for it: it outlives this process
    record = ProcessRecord(process.pid, _start_time(process.pid), tuple(command))
    write_if_changed(unit.record, json.dumps(asdict(record)))


def read_record(unit: Unit) -> ProcessRecord | None:
    """What was last started here, whether or not it still runs."""
    try:
        document = json.loads(unit.record.read_text())
        return ProcessRecord(
            int(document["pid"]), float(document["started"]), tuple(document["command"])
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def find(unit: Unit) -> psutil.Process | None:
    """The process that runs here, or None if it ended or was never started."""
    record = read_record(unit)
    if record is None:
        return None
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.started) <= CLOCK_TOLERANCE_SECONDS
        return process if same and _is_alive(process) else None
    except psutil.NoSuchProcess:
        return None


def strays(folder: Path, known: Container[int]) -> list[tuple[str, psutil.Process]]:
    """The program and the process of whatever was started below `folder` and is not `known`.

    What a known process has started, such as a runner's jobs, is not a stray.
    """
    return [
        (record.stem, process)
        for process, record in _marked_processes()
        if record.is_relative_to(folder) and not _belongs_to(process, known)
    ]


def stop(processes: Sequence[psutil.Process], limit: float = STOP_LIMIT_SECONDS) -> None:
    """Ask the processes to end; kill those that still run after `limit` seconds."""
    for process in processes:
        _ignore_ended(process.terminate)
    for process in _wait_for_end(processes, limit):
        _ignore_ended(process.kill)
    _wait_for_end(processes, limit)


def last_lines(log: Path, count: int = 8) -> list[str]:
    """The last `count` lines of a log; none if there is no log."""
    try:
        return log.read_text(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def _start_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def _wait_for_end(processes: Sequence[psutil.Process], limit: float) -> list[psutil.Process]:
    """The processes that still run after `limit` seconds.

    A zombie has ended, whether or not its parent (pid 1 of some containers) ever looks.
    """
    deadline = time.monotonic() + limit
    running = [process for process in processes if _is_alive(process)]
    while running and time.monotonic() < deadline:
        time.sleep(STOP_POLL_SECONDS)
        running = [process for process in running if _is_alive(process)]
    return running


def _is_alive(process: psutil.Process) -> bool:
    try:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            return True
    except psutil.NoSuchProcess:
        return False
    _reap(process)
    return False


def _reap(process: psutil.Process) -> None:
    try:
        process.wait(timeout=0)
    except psutil.Error:
        return


def _marked_processes() -> Iterator[tuple[psutil.Process, Path]]:
    for process in psutil.process_iter():
        try:
            marker = process.environ().get(MARKER)
        except (psutil.Error, OSError):
            continue  # it ended, or it is somebody else's
        if marker is not None:
            yield process, Path(marker)


def _belongs_to(process: psutil.Process, known: Container[int]) -> bool:
    try:
        return any(one.pid in known for one in (process, *process.parents()))
    except psutil.Error:
        return False


def _ignore_ended(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return
