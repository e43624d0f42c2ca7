"""Pinned external programs and Python packages, and how each is obtained.

What belongs here: the one table of programs, the Go wrapper modules and locks
that pin what it needs, and the installer. Python's standard library only: it
runs with the system's `python3`, before any virtual environment exists. What
does not belong here: anything that uses the programs.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if tuple(sys.version_info) < (3, 11):
    raise SystemExit("Sluice needs Python 3.11 or newer; this is " + sys.version.split()[0])

if TYPE_CHECKING:
    from toolchain.errors import NotInstalledError, ToolchainError, UnobtainableError
    from toolchain.face import bin_folder, install, provide
    from toolchain.progress import Progress, progress_for

__all__ = [
    "NotInstalledError",
    "Progress",
    "ToolchainError",
    "UnobtainableError",
    "bin_folder",
    "install",
    "progress_for",
    "provide",
]

_MODULES = {
    "NotInstalledError": "toolchain.errors",
    "Progress": "toolchain.progress",
    "ToolchainError": "toolchain.errors",
    "UnobtainableError": "toolchain.errors",
    "bin_folder": "toolchain.face",
    "install": "toolchain.face",
    "progress_for": "toolchain.progress",
    "provide": "toolchain.face",
}


def __getattr__(name: str) -> object:
    """Load what is asked for: a shell that completes a word waits for `sluice` to start."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
