"""A sandbox that a test starts as it likes, and that never outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sluice.sandbox.sandbox import Sandbox


@contextmanager
def always_stopped(folder: Path) -> Iterator[Sandbox]:
    """A sandbox in a folder, not started yet; whatever runs of it at the end is stopped."""
    box = Sandbox(folder)
    try:
        yield box
    finally:
        box.down()
