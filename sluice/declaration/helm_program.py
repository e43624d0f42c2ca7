"""Helm itself, which only what renders or tests charts needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import toolchain

__all__ = ["environment", "program"]

_HOMES: Final = ("CACHE", "CONFIG", "DATA")


def program() -> Path:
    """Return Helm, obtained when it is not there yet."""
    return toolchain.provide("charts") / "helm"


def environment(root: Path) -> dict[str, str]:
    """Return what Helm inherits: ours, with its own folders below the repository's root."""
    homes = {f"HELM_{part}_HOME": str(root / ".sluice" / "helm") for part in _HOMES}
    return {**os.environ, **homes}
