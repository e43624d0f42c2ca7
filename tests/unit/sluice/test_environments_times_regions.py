"""The overlays of docs/overlays.md: three environments in two regions, and then a fourth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sluice.declaration.program import declared
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from conftest import FakeCharts

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(
    r"^```(?:python|yaml)\n# (stacks/[^\s,]+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
REGIONS = {"eu": "Europe", "us": "America"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The guide's files, and the six stacks."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: infrastructure\nconfig:\n" + CONTEXT)
    package = ROOT / "stacks" / "__init__.py"
    (tmp_path / "stacks" / "__init__.py").write_text(package.read_text())
    for path, _, text in blocks():
        if not path.startswith(("stacks/prod-eu", "stacks/Pulumi")):
            with (tmp_path / path).open("a") as file:
                file.write(text)
    for name in ("dev", "staging", "prod"):
        add(tmp_path, name)
    return tmp_path


CONTEXT = "  context: {type: string}\n  follows: {type: string, default: ''}\n"


def blocks() -> list[tuple[str, str, str]]:
    """Each file of the guide: path, remark, content."""
    found: list[tuple[str, str, str]] = BLOCK.findall((ROOT / "docs" / "overlays.md").read_text())
    return found


def text(path: str) -> str:
    return next(content for each, _, content in blocks() if each == path)


def add(root: Path, environment: str) -> int:
    """Add an environment in both regions as the guide has it; return its files' lines."""
    lines = 0
    for region, cls in REGIONS.items():
        stack = f"{environment}-{region}"
        program = text("stacks/prod-eu.py").replace("Europe", cls)
        program = re.sub(r"\bProd", environment.title(), program)
        config = text("stacks/Pulumi.qa-eu.yaml").replace("qa-eu", stack)
        (root / "stacks" / f"{stack}.py").write_text(program)
        (root / "stacks" / f"Pulumi.{stack}.yaml").write_text(config)
        lines += written(program) + written(config)
    return lines


def written(content: str) -> int:
    return len([line for line in content.splitlines() if line.strip()])


def pod(root: Path, charts: FakeCharts, stack: str) -> tuple[int, dict[str, Any]]:
    """The replicas and the pod of a stack's Deployment."""
    resources = declared(Stack(Repository(root), stack), charts)
    (web,) = [each.inputs["spec"] for each in resources if each.type.endswith(":Deployment")]
    return web["replicas"], web["template"]["spec"]


@pytest.mark.parametrize("region", ["eu", "us"])
@pytest.mark.parametrize(("environment", "replicas"), [("dev", 1), ("staging", 2), ("prod", 4)])
def test_a_stack_is_its_environment_and_its_region(
    root: Path, fake_charts: FakeCharts, environment: str, replicas: int, region: str
) -> None:
    found, spec = pod(root, fake_charts, f"{environment}-{region}")
    assert found == replicas
    assert spec.get("priorityClassName") == ("high" if environment == "prod" else None)
    (container,) = spec["containers"]
    assert container["image"] == f"{region}.registry.example.org/web:1.4.2"
    assert container["env"][0]["value"].startswith(f"{region}-")


def test_a_fourth_environment_in_both_regions_takes_less_than_fifteen_lines(
    root: Path, fake_charts: FakeCharts
) -> None:
    (own,) = [content for _, remark, content in blocks() if remark]
    assert written(own) + add(root, "qa") < 15
    found, spec = pod(root, fake_charts, "qa-us")
    assert found == 3
    assert spec["containers"][0]["image"] == "us.registry.example.org/web:1.4.2"
