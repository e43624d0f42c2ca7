"""What people see while the engine runs: how far it is, what waits and why, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sluice.events import Moment, Watcher

__all__ = ["Waiting", "progress"]

_SHOWN: Final = 12
_AFTER_SECONDS: Final = 2


class Waiting:
    """What an update waits for, as lines for one screen."""

    def __init__(self, stack: str, started: float) -> None:
        """Begin; `started` and all other times are seconds of one clock."""
        self._stack = stack
        self._started = started
        self._seen: set[str] = set()
        self._since: dict[str, float] = {}
        self._why: dict[str, str] = {}

    def take(self, moment: Moment, now: float) -> None:
        """Note what happens to a resource."""
        self._seen.add(moment.urn)
        if moment.done:
            self._since.pop(moment.urn, None)
            self._why.pop(moment.urn, None)
        elif moment.waits:
            self._since.setdefault(moment.urn, now)
            if moment.message:
                self._why[moment.urn] = moment.message

    def lines(self, now: float, width: int, height: int) -> list[str]:
        """Return how far it is, and below it what is waited for, the longest first."""
        elapsed = now - self._started
        head = f"{self._stack}: {len(self._seen)} resources, {elapsed:.0f} s"
        long = [(since, urn) for urn, since in self._since.items() if now - since >= _AFTER_SECONDS]
        room = max(1, min(_SHOWN, height - 3))
        rows = [self._row(urn, now - since) for since, urn in sorted(long)[:room]]
        more = [f"  and {len(long) - room} more"] if len(long) > room else []
        return [_cut(line, width) for line in (head, *rows, *more)]

    def _row(self, urn: str, seconds: float) -> str:
        why = self._why.get(urn)
        return f"  {_title(urn)}, {seconds:.0f} s" + (f": {why}" if why else "")


@contextmanager
def progress(stack: str) -> Iterator[Watcher]:
    """Give what is told each moment, and shows on stderr what waits and why."""
    if not sys.stderr.isatty():
        yield lambda _moment: None
        return
    from rich.console import Console  # noqa: PLC0415 - without a terminal, none is needed
    from rich.live import Live  # noqa: PLC0415 - the same

    console = Console(stderr=True)
    waiting = Waiting(stack, time.monotonic())

    def screen() -> str:
        return "\n".join(waiting.lines(time.monotonic(), console.width, console.height))

    def watch(moment: Moment) -> None:
        waiting.take(moment, time.monotonic())

    with Live(console=console, get_renderable=screen, refresh_per_second=4, transient=True):
        yield watch


def _title(urn: str) -> str:
    """Return `Deployment shop/web` of a URN; what is none as it is."""
    head, found, name = urn.rpartition("::")
    if not found:
        return urn
    kind = head.rpartition("$")[2].rpartition("::")[2].rpartition(":")[2]
    return f"{kind} {name.partition(':')[2] or name}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: max(width - 1, 1)]}…"
