"""Programs that only some work needs, obtained when that comes up."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import toolchain

__all__ = ["obtained"]


@cache
def obtained(purpose: str) -> Path:
    """Return the folder of a purpose's programs, such as `charts`; they are installed if need be.

    Raises:
        UnobtainableError: where one can be neither downloaded nor built.

    """
    try:
        return toolchain.bin_folder(purpose)
    except toolchain.NotInstalledError:
        progress = toolchain.progress_for()
        try:
            return toolchain.install(purpose, progress)
        finally:
            progress.end()
