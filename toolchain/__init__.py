"""Pinned external programs and Python packages, and how each is obtained.

What belongs here: the one table of programs, the Go wrapper modules and locks
that pin what it needs, and the installer. Python's standard library only: it
runs with the system's `python3`, before any virtual environment exists. What
does not belong here: anything that uses the programs.
"""

import sys

if tuple(sys.version_info) < (3, 11):
    raise SystemExit("Sluice needs Python 3.11 or newer; this is " + sys.version.split()[0])

from toolchain.errors import ToolchainError, UnobtainableError
from toolchain.face import bin_folder, install
from toolchain.progress import Progress, progress_for

__all__ = [
    "Progress",
    "ToolchainError",
    "UnobtainableError",
    "bin_folder",
    "install",
    "progress_for",
]
