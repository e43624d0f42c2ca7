from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.programs import PROGRAMS, program_set
from toolchain.recipe import build_folder, built_folders, plan_targets
from toolchain.records import Generated

if TYPE_CHECKING:
    from tests.unit.toolchain.conftest import ToolMaker
    from toolchain.machine import Machine


def packages(*names: str) -> list[str]:
    return [target.package for target in plan_targets([PROGRAMS[name] for name in names])]


def test_the_control_plane_is_one_binary() -> None:
    targets = plan_targets(program_set("up"))
    shared = next(target for target in targets if target.package == "./kubernetes-sandbox")
    assert {program.name for program in shared.programs} == {
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubectl",
        "kwok",
    }


def test_kubectl_alone_does_not_pull_the_api_server() -> None:
    assert "k8s.io/kubernetes/cmd/kubectl" in packages("pulumi", "kubectl")


def test_two_of_the_shared_programs_are_built_one_by_one() -> None:
    assert packages("kubectl", "kwok") == [
        "k8s.io/kubernetes/cmd/kubectl",
        "sigs.k8s.io/kwok/cmd/kwok",
    ]


def test_some_programs_keep_their_variables_and_tags_to_themselves() -> None:
    alone = {target.binary for target in plan_targets(program_set("test")) if target.alone}
    assert alone == {"helm", "age-keygen", "gitea"}


@pytest.mark.parametrize(
    "special",
    [{"tags": ("sqlite",)}, {"cgo": True}, {"generated": Generated("example.com/m", ("./a",))}],
    ids=repr,
)
def test_tags_a_c_compiler_and_generated_files_are_part_of_the_recipe(
    machine: Machine, tool: ToolMaker, special: dict[str, object]
) -> None:
    assert built_folders(tool(**special), machine) != built_folders(tool(), machine)


def test_the_variables_of_a_shared_binary_are_each_named_once() -> None:
    target = plan_targets(program_set("sandbox"))[0]
    assert len(target.variables) == len(set(target.variables))
    assert any("gitVersion=v1.35.0" in variable for variable in target.variables)


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "tool/main.go"])
def test_a_changed_source_is_another_recipe(machine: Machine, tool: ToolMaker, file: str) -> None:
    before = built_folders(tool(), machine)
    path = machine.wrappers / "go" / file
    path.write_text(path.read_text() + "// changed\n")
    assert built_folders(tool(), machine) != before


def test_another_programs_source_is_not(machine: Machine, tool: ToolMaker) -> None:
    before = built_folders(tool(), machine)
    (machine.wrappers / "go" / "other").mkdir()
    (machine.wrappers / "go" / "other" / "main.go").write_text("package main\n")
    assert built_folders(tool(), machine) == before


def test_a_changed_variable_is_another_recipe(machine: Machine, tool: ToolMaker) -> None:
    changed = replace(tool(), go=replace(tool().go, variables=("main.version=2",)))
    assert built_folders(changed, machine) != built_folders(tool(), machine)


def test_a_program_is_found_whether_built_alone_or_shared(
    machine: Machine, tool: ToolMaker
) -> None:
    program = tool(shared="./shared")
    alone = plan_targets([program])[0]
    shared = plan_targets([replace(program, name=name) for name in ("tool", "b", "c")])[0]
    assert shared.binary == "shared"
    folders = {build_folder(program, target, machine) for target in (alone, shared)}
    assert folders == set(built_folders(program, machine))
