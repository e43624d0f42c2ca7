from __future__ import annotations

import os
from pathlib import Path

import pytest

from sluice.stack import tool_environment
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter_state


@pytest.fixture
def endings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that this process removes as it ends."""
    files: list[str] = []
    monkeypatch.setattr(
        tool_environment.atexit, "register", lambda _remove, path: files.append(path)
    )
    return files


def test_a_job_is_given_a_kubeconfig_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endings: list[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/ada/.kube/config")
    monkeypatch.setenv("SLUICE_KUBECONFIG", "apiVersion: v1\n")
    enter_state(Repository(tmp_path))
    file = Path(os.environ["KUBECONFIG"])
    assert file.read_text() == "apiVersion: v1\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "SLUICE_KUBECONFIG" not in os.environ
    assert endings == [str(file)]
    tool_environment._remove(str(file))
    assert not file.exists()


def test_without_one_the_users_own_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/ada/.kube/config")
    enter_state(Repository(tmp_path))
    assert os.environ["KUBECONFIG"] == "/home/ada/.kube/config"


@pytest.mark.parametrize(("own", "used"), [(None, "400"), ("50", "50")])
def test_how_often_go_collects_garbage_is_the_users_where_he_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str | None, used: str
) -> None:
    monkeypatch.delenv("GOGC", raising=False)
    if own:
        monkeypatch.setenv("GOGC", own)
    assert tool_environment._speed(Repository(tmp_path))["GOGC"] == used
