"""What every kind of test may need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import toolchain

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the pinned external programs; `make test` installs them."""
    return toolchain.bin_folder("test")
