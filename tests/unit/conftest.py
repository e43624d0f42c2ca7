"""Unit tests run real kustomize, which is inside kubectl, and no other program."""

from __future__ import annotations

import os

import pytest

import toolchain


@pytest.fixture(scope="session", autouse=True)
def _kubectl_on_path() -> None:
    os.environ["PATH"] = f"{toolchain.bin_folder('check')}{os.pathsep}{os.environ['PATH']}"
