from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.errors import BuildError
from toolchain.gobuild import build_programs
from toolchain.patches import Patch
from toolchain.recipe import built_folders
from toolchain.records import Generated, ModuleFile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.toolchain.conftest import FakeGo, ToolMaker
    from toolchain.machine import Machine
    from toolchain.records import Program


def ignore(_text: str) -> None:
    pass


def built(program: Program, machine: Machine) -> Path:
    return next(folder for folder in built_folders(program, machine) if folder.is_dir())


def test_programs_of_a_wrapper_are_built_together(
    machine: Machine, tool: ToolMaker, go: FakeGo
) -> None:
    programs = [tool("one", variables=("main.a=1",)), tool("two", variables=("main.b=2",))]
    build_programs(programs, machine, ignore)
    builds = [line for line in go.asked if line.startswith("build")]
    assert len(builds) == 1
    assert "-trimpath -ldflags -s -w -X main.a=1 -X main.b=2" in builds[0]
    assert builds[0].endswith("./one ./two")
    for program in programs:
        assert (built(program, machine) / program.name).is_file()


def test_a_shared_binary_becomes_each_of_its_programs(
    machine: Machine, tool: ToolMaker, go: FakeGo
) -> None:
    programs = [tool(name, shared="./shared") for name in ("one", "two", "three")]
    build_programs(programs, machine, ignore)
    files = [built(program, machine) / program.name for program in programs]
    assert len({file.stat().st_ino for file in files}) == 1
    assert go.asked[-1].endswith("./shared")


def test_a_program_that_stays_alone_is_built_by_itself(
    machine: Machine, tool: ToolMaker, go: FakeGo
) -> None:
    programs = [tool("one"), tool("two", alone=True, variables=("main.b=2",))]
    build_programs(programs, machine, ignore)
    first, second = (line for line in go.asked if line.startswith("build"))
    assert "main.b=2" not in first
    assert "main.b=2" in second


def test_what_is_built_is_not_built_again(machine: Machine, tool: ToolMaker, go: FakeGo) -> None:
    for _ in range(2):
        build_programs([tool()], machine, ignore)
    assert len([line for line in go.asked if line.startswith("build")]) == 1


def test_a_changed_wrapper_is_built_again(machine: Machine, tool: ToolMaker, go: FakeGo) -> None:
    build_programs([tool()], machine, ignore)
    (machine.wrappers / "go" / "go.sum").write_text("changed\n")
    build_programs([tool()], machine, ignore)
    assert len([line for line in go.asked if line.startswith("build")]) == 2


@pytest.mark.usefixtures("go")
def test_packages_are_reported_while_they_compile(machine: Machine, tool: ToolMaker) -> None:
    said = []
    build_programs([tool()], machine, said.append)
    assert "compiled 1 packages, ./tool" in said


def test_a_failed_build_tells_gos_own_words_and_keeps_nothing(
    machine: Machine, tool: ToolMaker, go: FakeGo
) -> None:
    go.break_builds()
    with pytest.raises(BuildError, match=r"# example\.com/tool\nmain\.go:1: broken"):
        build_programs([tool()], machine, ignore)
    assert not any(folder.exists() for folder in built_folders(tool(), machine))
    assert [path.name for path in (machine.cache / "build").iterdir()] == ["go"]


def test_a_machine_without_go_is_told_so(machine: Machine, tool: ToolMaker) -> None:
    with pytest.raises(BuildError, match="Go is not on PATH"):
        build_programs([tool()], replace(machine, search_path=""), ignore)


@pytest.mark.usefixtures("go")
def test_the_committed_wrapper_is_never_written(
    machine: Machine, tool: ToolMaker, tmp_path: Path
) -> None:
    (tmp_path / "modules" / "data.json").write_text("{}")
    item = ModuleFile("example.com/module", "data.json", "tool/data.json")
    before = {path: path.stat().st_mtime_ns for path in machine.wrappers.rglob("*")}
    build_programs([tool(inputs=(item,))], machine, ignore)
    assert (machine.cache / "build" / "go" / "tool" / "data.json").read_text() == "{}"
    assert {path: path.stat().st_mtime_ns for path in machine.wrappers.rglob("*")} == before


@pytest.mark.usefixtures("go")
def test_companions_come_from_the_module(machine: Machine, tool: ToolMaker, tmp_path: Path) -> None:
    (tmp_path / "modules" / "exec").write_text("#!/bin/sh\n")
    item = ModuleFile("example.com/module", "exec", "tool-exec")
    program = tool(companions=["tool-exec"])
    program = replace(program, go=replace(program.go, companions=(item,)))
    build_programs([program], machine, ignore)
    assert (built(program, machine) / "tool-exec").stat().st_mode & 0o777 == 0o755


def test_a_patched_module_replaces_the_published_one(
    machine: Machine, tool: ToolMaker, go: FakeGo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = Patch("example.com/m", "v1.0.0", "a.go", "old", "new", 1, ("tool",), "an example")
    monkeypatch.setattr("toolchain.patches.PATCHES", (patch,))
    (tmp_path / "modules" / "a.go").write_text("old")
    build_programs([tool()], machine, ignore)
    patched = machine.cache / "build" / "patched" / "example.com_m-v1.0.0"
    assert (patched / "a.go").read_text() == "new"
    assert "mod edit -replace=example.com/m=../patched/example.com_m-v1.0.0" in go.asked


def test_tags_are_the_compilers(machine: Machine, tool: ToolMaker, go: FakeGo) -> None:
    programs = [tool("one"), tool("two", alone=True, tags=("sqlite", "bindata"), cgo=True)]
    build_programs(programs, machine, ignore)
    first, second = (line for line in go.asked if line.startswith("build"))
    assert "-tags" not in first
    assert "-tags=sqlite,bindata" in second


def test_files_are_generated_in_a_copy_that_is_made_once(
    machine: Machine, tool: ToolMaker, go: FakeGo, tmp_path: Path
) -> None:
    (tmp_path / "modules" / "page.html").write_text("<html>")
    generated = Generated("example.com/m", ("./a", "./b"))
    for name in ("one", "two"):
        build_programs([tool(name, generated=generated, tags=("data",))], machine, ignore)
    assert go.asked.count("generate -tags=data ./a ./b") == 1
    copy = machine.cache / "build" / "patched" / "modules-generated"
    assert (copy / "page.html").read_text() == "<html>"
    assert go.asked.count("mod edit -replace=example.com/m=../patched/modules-generated") == 2
