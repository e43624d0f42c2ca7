from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.errors import WayError
from toolchain.path import find_on_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.toolchain.conftest import PathMaker, ToolMaker
    from toolchain.machine import Machine
    from toolchain.records import Program


def test_a_program_of_the_pinned_version_is_found(
    machine: Machine, tool: ToolMaker, on_path: PathMaker
) -> None:
    file = on_path("tool", "tool v1.2.3")
    assert find_on_path(tool(), machine, {}) == {"tool": file}


def test_another_version_is_named(machine: Machine, tool: ToolMaker, on_path: PathMaker) -> None:
    on_path("tool", "tool v1.2.30")
    with pytest.raises(WayError, match=r"path/tool is 1\.2\.30, not 1\.2\.3$"):
        find_on_path(tool(), machine, {})


def test_a_program_that_does_not_tell_its_version_is_not_taken(
    machine: Machine, tool: ToolMaker, on_path: PathMaker
) -> None:
    on_path("tool", "hello")
    with pytest.raises(WayError, match="of unknown version"):
        find_on_path(tool(), machine, {})


def test_a_program_that_cannot_run_is_not_taken(
    machine: Machine, tool: ToolMaker, on_path: PathMaker
) -> None:
    on_path("tool", "").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(WayError, match="does not tell its version"):
        find_on_path(tool(), machine, {})


def test_an_absent_program_is_not_there(machine: Machine, tool: ToolMaker) -> None:
    with pytest.raises(WayError, match="not there"):
        find_on_path(tool(), machine, {})


def test_our_own_folder_of_links_is_passed_over(machine: Machine, tool: ToolMaker) -> None:
    links = machine.cache / "bin" / "0123"
    links.mkdir(parents=True)
    (links / "tool").write_text("#!/bin/sh\necho v1.2.3\n")
    (links / "tool").chmod(0o755)
    with pytest.raises(WayError, match="not there"):
        find_on_path(tool(), replace(machine, search_path=str(links)), {})


@pytest.fixture
def host(tool: ToolMaker) -> Program:
    return replace(tool("host", companions=["host-exec"]), check=None, beside="tool")


@pytest.mark.usefixtures("tool")
def test_a_host_is_found_beside_the_real_program(
    machine: Machine, host: Program, on_path: PathMaker, tmp_path: Path
) -> None:
    real = on_path("tool", "v1.2.3")
    link = tmp_path / "links" / "tool"
    link.parent.mkdir()
    link.symlink_to(real)
    on_path("host", "")
    on_path("host-exec", "")
    files = find_on_path(host, machine, {"tool": {"tool": link}})
    assert files == {"host": real.with_name("host"), "host-exec": real.with_name("host-exec")}


def test_a_host_without_its_companion_is_not_taken(
    machine: Machine, host: Program, on_path: PathMaker
) -> None:
    real = on_path("tool", "v1.2.3")
    on_path("host", "")
    with pytest.raises(WayError, match="not beside"):
        find_on_path(host, machine, {"tool": {"tool": real}})


def test_a_host_needs_the_pinned_program(
    machine: Machine, host: Program, on_path: PathMaker
) -> None:
    on_path("host", "")
    on_path("host-exec", "")
    with pytest.raises(WayError, match="tool is not there in the pinned version"):
        find_on_path(host, machine, {})
