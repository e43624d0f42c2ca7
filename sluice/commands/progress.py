"""What people see while the engine runs: how far it is, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sluice.events import Watcher

__all__ = ["progress"]


@contextmanager
def progress(stack: str) -> Iterator[Watcher]:
    """Give what is told each resource's URN, and shows on stderr how many there were."""
    if not sys.stderr.isatty():
        yield lambda _urn: None
        return
    from rich.console import Console  # noqa: PLC0415 - without a terminal, none is needed

    console = Console(stderr=True)
    started, seen = time.monotonic(), set[str]()
    with console.status(f"{stack}: starting") as status:

        def watch(urn: str) -> None:
            seen.add(urn)
            elapsed = time.monotonic() - started
            name = urn.rpartition("::")[2]
            status.update(f"{stack}: {len(seen)} resources, {elapsed:.0f} s, now {name}")

        yield watch
