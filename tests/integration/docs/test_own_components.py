"""The guide to own components: its files, written where it says and tested as it says."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall((ROOT / "docs" / "own-components.md").read_text())
SUBCLASS = """
from components import ApplicationArgs
from components.team_application import TeamApplication


def test_it_has_the_teams_label_and_probe(declare):
    args = ApplicationArgs(image="shop/web:1", port=80, labels={"tier": "web"})
    made = declare(lambda: TeamApplication("web", args)).object("Deployment")
    assert made["metadata"]["labels"].items() >= {"team": "blue", "tier": "web"}.items()
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that a team works with, and those of the guide beside them."""
    component, subclass, test = BLOCKS
    shutil.copytree(ROOT / "components", tmp_path / "components")
    tests = tmp_path / "tests" / "unit" / "components"
    tests.mkdir(parents=True)
    shutil.copy2(ROOT / "tests" / "unit" / "components" / "conftest.py", tests)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    for name, text in (("nightly_job", component), ("team_application", subclass)):
        (tmp_path / "components" / f"{name}.py").write_text(text)
    (tests / "test_nightly_job.py").write_text(test)
    (tests / "test_team_application.py").write_text(SUBCLASS)
    return tmp_path


def test_the_components_of_the_guide_pass_its_tests(clone: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    result = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout


def test_a_component_takes_twenty_lines() -> None:
    (declared,) = [n for n in ast.parse(BLOCKS[0]).body if isinstance(n, ast.ClassDef)]
    assert declared.end_lineno - declared.lineno + 1 <= 20
