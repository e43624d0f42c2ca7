"""A stack of a few members, exported."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from sluice.declaration.program import declaration
from sluice.flux.exporter import export
from sluice.flux.objects import Export
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

HEAD = "import pulumi\nfrom components import *\nfrom components import member\n\n"


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_charts: Any) -> Any:
    """Export a stack of the given members."""
    monkeypatch.setattr("components.kustomize.kustomization.build", _rendered)

    def make(members: str, suspended: dict[str, str] | None = None, patches: str = "()") -> Export:
        (tmp_path / "stacks").mkdir()
        body = textwrap.indent(textwrap.dedent(members), "    ")
        program = f"{HEAD}class Case(Environment):\n    patches = {patches}\n{body}\n"
        program += "\ndef environment(stack):\n    return Case\n"
        (tmp_path / "stacks" / "__init__.py").write_text(program)
        (tmp_path / "Pulumi.yaml").write_text("name: platform\nconfig: {platform:context: {}}\n")
        config = "config: {platform:context: qa}\n"
        (tmp_path / "stacks" / "Pulumi.qa.yaml").write_text(config)
        repository = Repository(tmp_path)
        return export(
            repository, declaration(Stack(repository, "qa"), fake_charts), suspended or {}
        )

    return make


def _rendered(folder: Path, _overlay: Any) -> list[dict[str, Any]]:
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": folder.name}}]
