"""A fresh clone: `make up`, again, and `make down`."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone of this working tree, stopped afterwards."""
    root = tmp_path / "clone"
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in _run(REPOSITORY, *listed).split("\0"):
        if name and (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
    _run(root, "git", "init", "--quiet")
    _run(root, "git", "add", "--all")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    _run(root, "git", *who, "commit", "--quiet", "--message=all")
    yield root
    _run(root, "make", "down")


def test_make_up_brings_up_the_platform_once_and_make_down_stops_it(clone: Path) -> None:
    shown = _run(clone, "make", "up")
    assert [f"{stack}: " in shown for stack in ("dev", "staging", "prod")] == [True] * 3
    assert shown.rstrip().endswith(f'eval "$({clone}/.venv/bin/sluice env)"')
    assert "Nothing to do" in _run(clone, "make", "up")
    _the_line_works_from_a_folder_below(clone)
    assert _run(clone, "git", "status", "--porcelain") == ""
    assert _processes(clone)
    _run(clone, "make", "down")
    assert _processes(clone) == []


def _the_line_works_from_a_folder_below(clone: Path) -> None:
    script = f"""
        set -eu
        eval "$({clone}/.venv/bin/sluice env)"
        kubectl --context=prod-cluster get deployment ci-agents -n ci-agents -o name
        pulumi stack ls --json
        sluice get all --stack dev
    """
    shown = _run(clone / "stacks", "bash", "-c", script)
    assert "deployment.apps/ci-agents" in shown
    assert '"name": "prod"' in shown
    assert "HelmRelease" in shown


def _run(folder: Path, *command: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in _BOUND}
    ended = subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


_BOUND = (
    "KUBECONFIG",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
    "VIRTUAL_ENV",
    "MAKEFLAGS",
    "MAKELEVEL",
)


def _processes(clone: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(clone) in word for word in process.cmdline()):
                found.append(process.name())
    return found
