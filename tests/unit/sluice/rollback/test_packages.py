from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice.rollback.packages import provide_packages
from sluice.stack.repository import Repository
from toolchain.venv import VirtualEnvironment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path) -> Repository:
    return _checkout(tmp_path / "here", "pulumi==2\n")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The locks that virtual environments are made of."""
    locks: list[str] = []

    def install(self: VirtualEnvironment, _report: object) -> None:
        locks.append((self.machine.wrappers / self.requirements).read_text())
        self.folder.mkdir(parents=True)

    monkeypatch.setattr(VirtualEnvironment, "install_packages", install)
    return locks


def test_the_same_lock_needs_no_other_packages(
    here: Repository, tmp_path: Path, made: list[str]
) -> None:
    then = _checkout(tmp_path / "then", "pulumi==2\n", shares=here)
    provide_packages(here, then)
    assert made == []
    assert (then.root / ".venv").resolve() == here.root / ".venv"


def test_another_lock_gets_its_own_packages(
    here: Repository, tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    then = _checkout(tmp_path / "then", "pulumi==1\n", shares=here)
    provide_packages(here, then)
    assert made == ["pulumi==1\n"]
    own = (then.root / ".venv").resolve()
    assert own.is_relative_to(tmp_path / "cache" / "sluice" / "venvs")
    assert own.is_dir()
    assert (here.root / ".venv").resolve() == here.root / ".venv"


def _checkout(root: Path, lock: str, shares: Repository | None = None) -> Repository:
    (root / "toolchain").mkdir(parents=True)
    (root / "toolchain" / "requirements.txt").write_text(lock)
    if shares is None:
        (root / ".venv").mkdir()
    else:
        (root / ".venv").symlink_to(shares.root / ".venv")
    return Repository(root)
