from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.command import BenchmarkError, Command

HERE = Path(__file__).parent
MEGABYTES = 60


def _python(program: str, successes: tuple[int, ...] = (0,)) -> Command:
    return Command([sys.executable, "-c", program], HERE, dict(os.environ), successes)


def test_time_and_memory_are_those_of_the_command() -> None:
    usage = _python(f"import time; x = b'x' * {MEGABYTES}_000_000; time.sleep(0.5)").measured()
    assert usage.seconds >= 0.5
    assert usage.peak_mb >= MEGABYTES


def test_memory_of_the_programs_that_it_starts_counts() -> None:
    child = f"import time; x = b'x' * {MEGABYTES}_000_000; time.sleep(0.5)"
    usage = _python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    assert usage.measured().peak_mb >= MEGABYTES


def test_a_failure_says_what_the_command_printed() -> None:
    with pytest.raises(BenchmarkError, match="exit code 3\nno such thing"):
        _python("import sys; print('no such thing'); sys.exit(3)").measured()


def test_an_exit_code_that_means_success_is_none() -> None:
    _python("import sys; sys.exit(1)", successes=(0, 1)).measured()
