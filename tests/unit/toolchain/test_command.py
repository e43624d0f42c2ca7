from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import toolchain
from toolchain import __main__ as command
from toolchain import face
from toolchain.machine import Machine
from toolchain.venv import VirtualEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.toolchain.conftest import FakeGo, ToolMaker


@pytest.fixture
def here(machine: Machine, tool: ToolMaker, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Make `machine` this machine, and `up` a set of one program."""
    monkeypatch.setattr(Machine, "here", classmethod(lambda _: machine))
    monkeypatch.setattr(face, "program_set", lambda _: (tool(),))
    monkeypatch.setattr(VirtualEnvironment, "is_current", lambda _: False)
    monkeypatch.setattr(VirtualEnvironment, "install", lambda _, report: report("pip"))
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    return machine


@pytest.mark.usefixtures("here", "go")
def test_install_obtains_programs_and_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["install", "up"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert {line.partition(":")[0] for line in lines} == {"tool 1.2.3", "Python packages"}
    assert command.main(["bin", "up"]) == 0
    folder = capsys.readouterr().out.strip()
    answer = subprocess.run([f"{folder}/tool"], capture_output=True, text=True, check=True)
    assert answer.stdout == "tool v1.2.3\n"


@pytest.mark.usefixtures("here", "go")
def test_nothing_is_said_when_all_is_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command.main(["install", "up"])
    monkeypatch.setattr(VirtualEnvironment, "is_current", lambda _: True)
    capsys.readouterr()
    assert command.main(["install", "up"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("here")
def test_bin_says_how_to_install_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["bin", "up"]) == 4
    assert capsys.readouterr().err == (
        "toolchain: not installed: tool 1.2.3; run: python3 -m toolchain install up\n"
    )


@pytest.mark.usefixtures("here")
def test_what_cannot_be_had_is_an_error_with_its_own_exit_code(
    go: FakeGo, capsys: pytest.CaptureFixture[str]
) -> None:
    go.break_builds()
    assert command.main(["install", "up"]) == 3
    assert "toolchain: no way led to tool 1.2.3\n" in capsys.readouterr().err


@pytest.mark.usefixtures("here", "go")
def test_failed_packages_are_an_error_though_the_programs_came(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_environment: VirtualEnvironment, _report: Callable[[str], None]) -> None:
        raise toolchain.ToolchainError("pip failed")

    monkeypatch.setattr(VirtualEnvironment, "install", fail)
    assert command.main(["install", "up"]) == 1
    assert "toolchain: pip failed\n" in capsys.readouterr().err
    assert command.main(["bin", "up"]) == 0


@pytest.mark.usefixtures("here")
def test_an_interruption_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "install", interrupt)
    assert command.main(["install", "up"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_the_public_face_is_complete() -> None:
    assert toolchain.__all__ == sorted(toolchain.__all__)
    assert all(hasattr(toolchain, name) for name in toolchain.__all__)


def test_only_the_standard_library_is_imported() -> None:
    code = (
        "import sys, toolchain.__main__;"
        "names = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names;"
        "print(*sorted(names - {'__main__', 'toolchain'}))"
    )
    answer = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, {ROOT!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == ""


ROOT = str(face.Machine.here().repository)
