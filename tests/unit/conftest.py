"""Unit tests run real kustomize, which is inside kubectl, and reach no other machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

import toolchain
from components.lib.registry.loopback import is_loopback


@pytest.fixture(scope="session", autouse=True)
def _kubectl_on_path() -> None:
    os.environ["PATH"] = f"{toolchain.bin_folder('check')}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    """Fail a test that looks another host up: it would be slow, or pass by what that answers."""
    look_up = socket.getaddrinfo

    def looked_up(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not is_loopback(name):
            raise AssertionError(f"a unit test looks {name} up")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", looked_up)
        yield
