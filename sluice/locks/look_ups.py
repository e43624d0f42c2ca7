"""How the newest allowed version is looked up, of images, charts and sources."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.lib.artifacts.chart_source import RemoteCharts
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.lock_entry import LockEntry, Request
from components.lib.locks.resolution import LookUp
from components.lib.registry.etag_cache import ETagCache
from components.lib.registry.mirrors import Mirrors
from sluice.stack.stack import Stack

__all__ = ["look_ups_of", "remote_images"]

_PAGES: Final = Path(".sluice/images")
_PROVIDING: Final = threading.Lock()


def remote_images(stack: Stack) -> RemoteImages:
    """Return the images of all registries by the stack's mirrors; stacks with the same share it."""
    return _remote_images(stack.repository.root, stack.mirrors())


@cache
def look_ups_of(root: Path, mirrors: Mirrors) -> Mapping[str, LookUp]:
    """Return how each section is resolved; stacks with the same mirrors ask everything once."""
    look_ups: Mapping[str, LookUp] = {
        "charts": RemoteCharts(mirrors).newest,
        "sources": lambda request, before: request.look_up(mirrors, before),
        "images": _remote_images(root, mirrors).newest,
    }
    return {section: _with_verifier(look_up) for section, look_up in look_ups.items()}


@cache
def _remote_images(root: Path, mirrors: Mirrors) -> RemoteImages:
    return RemoteImages(root, mirrors, cache=ETagCache(root / _PAGES))


def _with_verifier(look_up: LookUp) -> LookUp:
    """Return a look-up for which what checks a signature is obtained, if the machine has none."""

    def newest(request: Request[Any], before: LockEntry | None) -> LockEntry:
        if request.verify:
            _provide(request.verify.verification.PROGRAM)
        return look_up(request, before)

    return newest


def _provide(program: str) -> None:
    with _PROVIDING:  # several are looked up at once
        if shutil.which(program) is None:
            from toolchain import provide  # noqa: PLC0415 - loads the installer

            os.environ["PATH"] = os.pathsep.join((os.environ["PATH"], str(provide("signatures"))))
