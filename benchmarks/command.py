"""Running a command, and how long it took and how much memory its processes held."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["BenchmarkError", "Command", "Usage"]

_SAMPLE_SECONDS = 0.1
_LIMIT_SECONDS = 1800.0
_MEGABYTE = 1_000_000


class BenchmarkError(Exception):
    """A command failed, so there is nothing to measure."""


@dataclass(frozen=True)
class Usage:
    """What a command used: wall time, and the peak of its process tree's resident memory."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Command:
    """A command line with its folder and environment.

    Attributes:
        arguments: the program and its arguments.
        folder: where it runs.
        environment: all of its environment.
        successes: the exit codes that mean success.

    """

    arguments: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    successes: tuple[int, ...] = (0,)

    def measured(self) -> Usage:
        """Run it and return what it used.

        Raises:
            BenchmarkError: with the end of what it printed, where it fails or takes too long.

        """
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            started = time.perf_counter()
            process = psutil.Popen(
                [str(argument) for argument in self.arguments],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            peak = _watch(process, started + _LIMIT_SECONDS)
            seconds = time.perf_counter() - started
            if process.returncode not in self.successes:
                output.seek(0)
                raise BenchmarkError(
                    f"{self}: exit code {process.returncode}\n{_end(output.read())}"
                )
        return Usage(seconds, peak / _MEGABYTE)

    def __str__(self) -> str:
        return " ".join([Path(self.arguments[0]).name, *map(str, self.arguments[1:])])

    def output(self) -> str:
        """Run it unmeasured and return what it prints; a failure is a BenchmarkError."""
        result = subprocess.run(
            [str(argument) for argument in self.arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode not in self.successes:
            raise BenchmarkError(f"{self}: exit code {result.returncode}\n{_end(result.stderr)}")
        return result.stdout


def _watch(process: psutil.Popen, deadline: float) -> int:
    peak = 0
    while True:
        try:
            process.wait(_SAMPLE_SECONDS)
        except psutil.TimeoutExpired:
            peak = max(peak, _resident(process))
        else:
            return peak
        if time.perf_counter() > deadline:
            for each in [*process.children(recursive=True), process]:
                each.kill()
            process.wait()


def _resident(process: psutil.Process) -> int:
    """Return the memory of a process and all below it; pages that they share count for each."""
    total = 0
    try:
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for each in tree:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-15:])
