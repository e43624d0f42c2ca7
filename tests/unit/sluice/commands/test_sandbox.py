from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sluice.commands.sandbox import sandbox
from sluice.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("verb", ["up", "down", "status"])
def test_every_verb_shows_an_example(verb: str) -> None:
    result = CliRunner().invoke(sandbox, [verb, "--help"])
    assert result.exit_code == 0
    assert f"Example:\n    sluice sandbox {verb}" in result.output


@pytest.mark.parametrize("value", ["dev", "=1", "dev=", "dev=x", "dev=0", "dev=65536", "dev=-1"])
def test_a_port_of_another_form_is_a_usage_error(value: str) -> None:
    result = CliRunner().invoke(sandbox, ["up", "--port", value])
    assert result.exit_code == 2
    assert "is not CLUSTER=PORT" in result.output


def test_the_status_of_nothing_is_an_empty_list(tmp_path: Path) -> None:
    result = CliRunner().invoke(sandbox, ["status", "--state", str(tmp_path), "-o", "json"])
    assert json.loads(result.output) == []


def test_the_default_folder_is_in_the_repository_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    result = CliRunner().invoke(sandbox, ["status", "-o", "json"], catch_exceptions=False)
    assert json.loads(result.output) == []


def test_outside_a_repository_the_folder_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SandboxError, match="name the sandbox's folder with --state"):
        CliRunner().invoke(sandbox, ["status"], catch_exceptions=False)
