"""The notes that a program leaves of what it read."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["recording"]


RECORDER = Path(__file__).with_name("recorder")


def recording(notes: Path) -> dict[str, str]:
    """Return the environment in which Python programs note what they read, in a folder."""
    path = [str(RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"SLUICE_READS": str(notes), "PYTHONPATH": os.pathsep.join(path)}
