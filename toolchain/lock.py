"""Locking the Python packages: `python3 -m toolchain lock`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from toolchain.errors import PackagesError
from toolchain.venv import RUNTIME, TESTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toolchain.machine import Machine

__all__ = ["lock_requirements"]

_OPTIONS = (
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--resolver=backtracking",
    "--quiet",
)
_SOURCES = ("pyproject.toml", "toolchain/requirements.in")


def lock_requirements(
    machine: Machine, report: Callable[[str], None], *, upgrade: bool = False
) -> None:
    """Write both requirement files from `pyproject.toml`, with hashes.

    What is pinned stays pinned while it satisfies the project, unless `upgrade`.
    """
    pip_compile = machine.repository / ".venv" / "bin" / "pip-compile"
    if not pip_compile.exists():
        raise PackagesError("pip-compile is not in .venv; run: python3 -m toolchain install test")
    options = (*_OPTIONS, "--upgrade") if upgrade else _OPTIONS
    runtime = f"toolchain/{RUNTIME}"
    tests = f"toolchain/{TESTS}"
    report(f"locking {runtime}")
    _compile(machine.repository, pip_compile, *options, "-o", runtime, *_SOURCES)
    report(f"locking {tests}")
    constraint = f"--constraint={runtime}"
    _compile(
        machine.repository, pip_compile, *options, "--extra=dev", constraint, "-o", tests, *_SOURCES
    )


def _compile(repository: Path, pip_compile: Path, *arguments: str) -> None:
    answer = subprocess.run(
        [pip_compile, *arguments],
        cwd=repository,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        raise PackagesError(f"the Python packages cannot be locked:\n{answer.stderr.strip()}")


def _environment() -> dict[str, str]:
    """Lock from the package index alone, not from a folder of this machine."""
    kept = {name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"}
    return {**kept, "CUSTOM_COMPILE_COMMAND": "python3 -m toolchain lock"}
