from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
import yaml

from benchmarks.manifests import write_manifests
from benchmarks.programs import ENVIRONMENT, NOTHING, plain_program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "program",
    [
        plain_program("team", 3, changed=True),
        ENVIRONMENT.format(path="manifests/team"),
        NOTHING,
    ],
)
def test_each_program_is_python(program: str) -> None:
    ast.parse(program)


def test_there_are_as_many_manifests_as_asked_for(tmp_path: Path) -> None:
    write_manifests(tmp_path, "team", 12)
    manifests = [yaml.safe_load(file.read_text()) for file in tmp_path.iterdir()]
    assert len({each["metadata"]["name"] for each in manifests}) == 12
    assert {each["metadata"]["namespace"] for each in manifests} == {"team"}


def test_a_change_is_to_one_object(tmp_path: Path) -> None:
    write_manifests(tmp_path, "team", 5)
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    write_manifests(tmp_path, "team", 5, changed=True)
    after = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert [name for name in sorted(after) if after[name] != before[name]] == ["settings-0000.yaml"]
