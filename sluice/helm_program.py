"""Helm itself, which only what renders or tests charts needs."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

import toolchain

__all__ = ["environment", "program"]

_HOMES: Final = ("CACHE", "CONFIG", "DATA")


@cache
def program() -> Path:
    """Return Helm, obtained when it is not there yet."""
    try:
        return toolchain.bin_folder("charts") / "helm"
    except toolchain.NotInstalledError:
        progress = toolchain.progress_for()
        try:
            return toolchain.install("charts", progress) / "helm"
        finally:
            progress.end()


def environment(root: Path) -> dict[str, str]:
    """Return what Helm inherits: ours, with its own folders below the repository's root."""
    homes = {f"HELM_{part}_HOME": str(root / ".sluice" / "helm") for part in _HOMES}
    return {**os.environ, **homes}
