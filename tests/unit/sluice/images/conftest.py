"""The platform, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sluice.stack.repository import Repository
from tests.unit.sluice.images.platform import Registry, build

MakePlatform = Callable[..., Repository]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """What is found where a policy is resolved."""
    found = Registry()
    monkeypatch.setattr("sluice.locks.next_lock.look_ups_of", lambda *_: {"images": found.newest})
    return found


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")


@pytest.fixture
def make_platform(tmp_path: Path) -> MakePlatform:
    """Make the platform, with the automation's template and branch."""
    return lambda template="", branch="": Repository(build(tmp_path, template, branch))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a platform and its remote."""
    return build(tmp_path_factory.mktemp("built")).parent


@pytest.fixture
def platform(built: Path, tmp_path: Path) -> Repository:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True, symlinks=True)
    return Repository(tmp_path / "platform")
