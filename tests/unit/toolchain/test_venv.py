from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolchain import venv
from toolchain.errors import PackagesError
from toolchain.venv import RUNTIME, TESTS, VirtualEnvironment, share_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolchain.machine import Machine


def ignore(_text: str) -> None:
    pass


@pytest.fixture
def commands(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what would run, and make what `venv` would make."""
    (machine.repository / "pyproject.toml").write_text("[project]\n")
    for name in (RUNTIME, TESTS):
        (machine.wrappers / name).write_text(f"# {name}\n")
    ran = []

    def run(command: Sequence[str], _report: Callable[[str], None]) -> None:
        ran.append(" ".join(command))
        if "venv" in command:
            python = Path(command[-1], "bin", "python")
            python.parent.mkdir(exist_ok=True)
            python.touch()

    monkeypatch.setattr(venv, "_run", run)
    return ran


def test_locked_packages_then_the_project_itself(machine: Machine, commands: list[str]) -> None:
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    create, packages, project, byte_code = commands
    assert " -m venv " in create
    assert "--require-hashes" in packages
    assert packages.endswith(RUNTIME)
    assert project.endswith(f"--no-deps --no-build-isolation -e {machine.repository}")
    assert " -m compileall " in byte_code


def test_the_packages_alone_need_no_project(machine: Machine, commands: list[str]) -> None:
    (machine.repository / "pyproject.toml").unlink()
    for _ in range(2):
        VirtualEnvironment(machine, RUNTIME).install_packages(ignore)
    create, packages = commands
    assert " -m venv " in create
    assert packages.endswith(RUNTIME)


def test_nothing_is_done_when_nothing_changed(machine: Machine, commands: list[str]) -> None:
    for _ in range(2):
        VirtualEnvironment(machine, RUNTIME).install(ignore)
    assert len(commands) == 4
    assert VirtualEnvironment(machine, RUNTIME).is_current()


@pytest.mark.usefixtures("commands")
def test_the_packages_for_tests_serve_the_command_too(machine: Machine) -> None:
    VirtualEnvironment(machine, TESTS).install(ignore)
    assert VirtualEnvironment(machine, RUNTIME).is_current()


@pytest.mark.usefixtures("commands")
def test_the_packages_of_the_command_do_not_serve_the_tests(machine: Machine) -> None:
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    assert not VirtualEnvironment(machine, TESTS).is_current()


def test_a_changed_lock_is_installed(machine: Machine, commands: list[str]) -> None:
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    (machine.wrappers / RUNTIME).write_text("# changed\n")
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    assert len(commands) == 8


def test_changed_metadata_installs_the_project_only(machine: Machine, commands: list[str]) -> None:
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    (machine.repository / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    assert len(commands) == 6


def test_an_interrupted_installation_is_done_again_from_scratch(
    machine: Machine, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(command: Sequence[str], report: Callable[[str], None]) -> None:
        if "--require-hashes" in command:
            raise KeyboardInterrupt
        run(command, report)

    run = venv._run
    with monkeypatch.context() as patch:
        patch.setattr(venv, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            VirtualEnvironment(machine, RUNTIME).install(ignore)
    assert not VirtualEnvironment(machine, RUNTIME).is_current()
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    assert "--clear" in commands[1]
    assert VirtualEnvironment(machine, RUNTIME).is_current()


def test_checkouts_with_the_same_lock_share_packages(
    machine: Machine, commands: list[str], tmp_path: Path
) -> None:
    other = replace(machine, repository=tmp_path / "other")
    other.wrappers.mkdir(parents=True)
    (other.wrappers / RUNTIME).write_bytes((machine.wrappers / RUNTIME).read_bytes())
    for each in (machine, other):
        share_packages(each, RUNTIME, ignore)
    assert len(commands) == 2
    first, second = ((each.repository / ".venv").resolve() for each in (machine, other))
    assert first == second
    assert first.is_relative_to(machine.cache)


def test_packages_are_not_shared_over_a_checkouts_own(
    machine: Machine, commands: list[str]
) -> None:
    VirtualEnvironment(machine, RUNTIME).install(ignore)
    with pytest.raises(PackagesError, match="remove it to share packages by a link"):
        share_packages(machine, RUNTIME, ignore)
    assert len(commands) == 6


def test_a_failure_is_told_in_pips_last_words() -> None:
    with pytest.raises(PackagesError, match="cannot be installed:\nTHESE PACKAGES DO NOT MATCH"):
        venv._run(["sh", "-c", "echo THESE PACKAGES DO NOT MATCH; exit 1"], ignore)


def test_byte_code_is_compiled_whatever_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in venv._environment()
