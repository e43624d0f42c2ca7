"""The Python packages of another commit, where it locks others than this checkout."""

from __future__ import annotations

import hashlib
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from sluice.repository import Repository
from toolchain.machine import Machine
from toolchain.venv import RUNTIME, VirtualEnvironment

__all__ = ["provide_packages"]

_LOCK: Final = Path("toolchain", RUNTIME)
_LOG = logging.getLogger(__name__)


def provide_packages(repository: Repository, checkout: Repository) -> None:
    """Give a checkout, which has this repository's virtual environment, its own if it needs one.

    One is made below `.sluice/venvs` for each lock, and kept.

    Raises:
        PackagesError: where the packages cannot be had.

    """
    lock = checkout.root / _LOCK
    if not lock.exists() or _same(lock, repository.root / _LOCK):
        return
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    place = repository.local.resolve() / "venvs" / digest
    (place / _LOCK).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(lock, place / _LOCK)
    packages = VirtualEnvironment(replace(Machine.here(), repository=place), RUNTIME)
    packages.install_packages(lambda doing: _LOG.info("packages of %s: %s", digest, doing))
    link = checkout.root / packages.folder.name
    link.unlink(missing_ok=True)
    link.symlink_to(packages.folder)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()
