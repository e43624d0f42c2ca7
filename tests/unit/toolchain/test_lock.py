from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolchain.errors import PackagesError
from toolchain.lock import lock_requirements
from toolchain.venv import RUNTIME, TESTS

if TYPE_CHECKING:
    from toolchain.machine import Machine

TOOLCHAIN = Path(__file__).parents[3] / "toolchain"

PIP_COMPILE = """#!/bin/sh
echo "$CUSTOM_COMPILE_COMMAND: $@" >> compiled
"""


@pytest.fixture
def pip_compile(machine: Machine) -> Path:
    file = machine.repository / ".venv" / "bin" / "pip-compile"
    file.parent.mkdir(parents=True)
    file.write_text(PIP_COMPILE)
    file.chmod(0o755)
    return file


@pytest.mark.usefixtures("pip_compile")
def test_both_files_are_locked_with_hashes(machine: Machine) -> None:
    lock_requirements(machine, print)
    runtime, tests = (machine.repository / "compiled").read_text().splitlines()
    assert runtime.startswith("python3 -m toolchain lock: --generate-hashes")
    assert f"-o toolchain/{RUNTIME} pyproject.toml toolchain/requirements.in" in runtime
    assert f"--extra=dev --constraint=toolchain/{RUNTIME} -o toolchain/{TESTS}" in tests


def test_a_failure_is_told(machine: Machine, pip_compile: Path) -> None:
    pip_compile.write_text("#!/bin/sh\necho conflict >&2\nexit 2\n")
    with pytest.raises(PackagesError, match="cannot be locked:\nconflict"):
        lock_requirements(machine, print)


def test_without_pip_compile_the_error_says_how_to_get_it(machine: Machine) -> None:
    with pytest.raises(PackagesError, match="python3 -m toolchain install test"):
        lock_requirements(machine, print)


@pytest.mark.parametrize("name", [RUNTIME, TESTS])
def test_the_locks_hold_hashes_and_no_place_of_one_machine(name: str) -> None:
    text = (TOOLCHAIN / name).read_text()
    pins = re.findall(r"^[\w.-]+==\S+ \\$", text, re.MULTILINE)
    assert pins
    assert text.count("--hash=sha256:") >= len(pins)
    assert "python3 -m toolchain lock" in text
    assert not re.search(r"://|find-links|index-url|trusted-host|(^|\s)/\w", text)


def test_the_tests_use_the_versions_of_the_command() -> None:
    pins = [
        set(re.findall(r"^([\w.-]+==\S+)", (TOOLCHAIN / name).read_text(), re.MULTILINE))
        for name in (RUNTIME, TESTS)
    ]
    assert pins[0] <= pins[1]
