"""What the pages say of the tree: its rooms, its files, its names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import components

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text()
FILE = re.compile(r"`((?:components|sluice|tests)/[a-z0-9_/]+(?:\.py|/))`")
ROW = re.compile(r"^\| `(?P<room>[\w/]+)/` \| (?P<sentence>.+) \|$", re.MULTILINE)
# What the page has its reader write.
WRITTEN = {"components/nightly_job.py", "tests/unit/components/test_nightly_job.py"}


def rooms(folder: str) -> list[Path]:
    """The packages of a folder, and of its `lib`."""
    found = (ROOT / folder).glob("*/__init__.py"), (ROOT / folder / "lib").glob("*/__init__.py")
    return [file.parent for files in found for file in files]


@pytest.mark.parametrize("folder", ["sluice", "components"])
def test_each_room_stands_in_the_picture(folder: str) -> None:
    picture = ARCHITECTURE.split("```")[1]
    assert [
        room.name for room in rooms(folder) if not re.search(rf"\b{room.name}\b", picture)
    ] == []


def test_the_picture_is_what_the_linter_holds_the_imports_to() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [each["layers"] for each in contracts["contracts"] if each["type"] == "layers"]
    sluice, components, lib = ([layer.split(" | ") for layer in each] for each in layers)
    at = components.index(["lib"])
    expected = [*sluice, *components[:at], *lib, *components[at + 1 :]]
    lines = re.findall(r"│ (.+?) +│$", ARCHITECTURE.split("```")[1], re.MULTILINE)
    assert [line.replace("lib/", "").split(" · ") for line in lines] == expected


@pytest.mark.parametrize("folder", ["sluice", "components"])
def test_each_room_is_told_in_its_own_words(folder: str) -> None:
    _, _, table = ARCHITECTURE.partition(f"| room of `{folder}/` |")
    told = dict(ROW.findall(table.partition("\n\n")[0]))
    for room in rooms(folder):
        words = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
        name = str(room.relative_to(ROOT / folder))
        assert told.pop(name) == words.partition("\n")[0], name
    assert not told


def test_a_room_imports_nothing_for_others() -> None:
    for folder in ("components", "sluice"):
        for room in rooms(folder):
            (words,) = ast.parse((room / "__init__.py").read_text()).body
            assert isinstance(words, ast.Expr), room


@pytest.mark.parametrize("folder", ["sluice/engine/host", "sluice/inputs/recorder"])
def test_what_runs_in_the_programs_process_imports_nothing_of_ours(folder: str) -> None:
    files = sorted((ROOT / folder).glob("*.py"))
    assert files
    for file in files:
        for line in ast.walk(ast.parse(file.read_text())):
            named = {alias.name for alias in line.names} if isinstance(line, ast.Import) else set()
            if isinstance(line, ast.ImportFrom):
                assert not line.level, file
                named.add(line.module or "")
            assert not {name.partition(".")[0] for name in named} & {"sluice", "components"}, file


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_a_file_that_a_page_names_is_there(page: Path) -> None:
    named = set(FILE.findall(page.read_text())) - WRITTEN
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_a_component_stands_under_its_folder() -> None:
    _, *sections = (DOCS / "components.md").read_text().partition("## What holds")[0].split("\n## ")
    for section in sections:
        folder, _, table = section.partition("\n")
        for row in re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE):
            for name in re.findall(r"`(\w+)`", row):
                assert components._MODULES[name].startswith(f"components.{folder}."), name


def test_what_an_own_component_imports_is_there() -> None:
    page = (DOCS / "own-components.md").read_text()
    lines = re.findall(r"\| `(from components[\w. ]* import [\w, ]+)` \|$", page, re.MULTILINE)
    assert lines
    subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=ROOT, check=True)
