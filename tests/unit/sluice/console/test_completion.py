from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import BashComplete, ShellComplete

from sluice.cli import cli
from sluice.stack.repository import Repository
from tests.unit.sluice.stack_data import STATE

if TYPE_CHECKING:
    from conftest import MakeRepository

ROOT = Path(__file__).parents[4]
HEAVY = ("pulumi", "sluice.engine.engine", "git", "urllib3", "requests", "toolchain.installer")


def completed(line: str) -> list[str]:
    *before, incomplete = line.split(" ")
    shell: ShellComplete = BashComplete(cli, {}, "sluice", "_SLUICE_COMPLETE")
    return [item.value for item in shell.get_completions(before, incomplete)]


@pytest.fixture
def checkout(repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    found = repository(dev="", prod="dev")
    (found.root / "stacks" / "base.py").write_text('def web():\n    return Application("api")\n')
    monkeypatch.chdir(found.root)
    return found


@pytest.fixture
def deployed(checkout: Repository) -> Repository:
    """The checkout, with the state of `dev` on this machine."""
    resources = [{"urn": each.urn, "type": each.type, "outputs": each.outputs} for each in STATE]
    folder = checkout.local / "pulumi" / ".pulumi" / "stacks" / checkout.project
    folder.mkdir(parents=True)
    state = {"version": 3, "checkpoint": {"latest": {"resources": resources}}}
    (folder / "dev.json").write_text(json.dumps(state))
    return checkout


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tr", ["trace", "tree"]),
        ("tree ", ["dev", "prod"]),
        ("up p", ["prod"]),
        ("get helm", ["helmreleases"]),
        ("get all --stack d", ["dev"]),
        ("get helmreleases r", ["redis"]),
        ("get helmreleases --stack prod r", []),
        ("trace St", ["StatefulSet"]),
        ("trace statefulset ", ["redis-master"]),
        ("trace Deployment w", ["web"]),
        ("tree dev -o ", ["tree", "json", "yaml"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("resume dev red", ["redis"]),
        ("diff prod red", []),
    ],
)
def test_live_names_are_completed(line: str, words: list[str]) -> None:
    assert completed(line) == words


@pytest.mark.usefixtures("checkout")
def test_before_a_deployment_the_declared_names_are_completed() -> None:
    assert completed("get applications ") == ["api"]
    assert completed("trace Depl") == []


def test_outside_of_a_repository_nothing_is_completed_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("tree ") == []
    assert completed("trace Po") == []


def test_a_state_that_cannot_be_read_completes_nothing(
    deployed: Repository,
) -> None:
    (file,) = (deployed.local / "pulumi").rglob("dev.json")
    file.write_text("{")
    assert completed("trace St") == []


def test_completing_does_not_load_what_takes_long(deployed: Repository) -> None:
    program = (
        "import os, sys; from click.shell_completion import BashComplete;"
        "from sluice.cli import cli;"
        "found = BashComplete(cli, {}, 'sluice', 'X').get_completions(['trace'], 'St');"
        f"print([i.value for i in found], [name for name in {HEAVY} if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=deployed.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "['StatefulSet'] []\n"


@pytest.mark.parametrize(
    ("shell", "sign"),
    [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --no-files")],
)
def test_each_shell_has_its_script(shell: str, sign: str) -> None:
    command = [sys.executable, "-m", "sluice", "completion", shell]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert sign in made.stdout
    assert "_SLUICE_COMPLETE" in made.stdout


def test_a_real_bash_completes_by_the_script(deployed: Repository, tmp_path: Path) -> None:
    command = tmp_path / "bin" / "sluice"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m sluice "$@"\n')
    command.chmod(0o755)
    script = f"""
        PATH={command.parent}:$PATH
        source <(sluice completion bash)
        COMP_WORDS=(sluice trace Stateful) COMP_CWORD=2
        _sluice_completion sluice
        echo "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(
        [shutil.which("bash") or "bash", "--norc", "-c", script],
        cwd=deployed.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "StatefulSet\n"
