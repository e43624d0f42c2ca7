"""The Python packages of another commit, where it locks others than this checkout."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

from sluice.stack.repository import Repository
from toolchain.machine import Machine
from toolchain.venv import RUNTIME, share_packages

__all__ = ["provide_packages"]

_LOCK: Final = Path("toolchain", RUNTIME)
_LOG = logging.getLogger(__name__)


def provide_packages(repository: Repository, checkout: Repository) -> None:
    """Give a checkout, which has this repository's virtual environment, its own if it needs one.

    One is made in the user's cache for each lock, and kept.

    Raises:
        PackagesError: where the packages cannot be had.

    """
    lock = checkout.root / _LOCK
    if not lock.exists() or _same(lock, repository.root / _LOCK):
        return
    machine = replace(Machine.here(), repository=checkout.root)
    share_packages(machine, RUNTIME, lambda doing: _LOG.info("packages: %s", doing))


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()
