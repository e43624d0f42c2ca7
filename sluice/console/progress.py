"""What people see while the engine runs: how far it is, what waits and why, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from components.errors import SluiceError

if TYPE_CHECKING:
    from sluice.engine.events import Moment, Watcher
from sluice.stack.stack import Stack

__all__ = ["Waiting", "progress"]

Place = tuple[str, str, str]

_SHOWN: Final = 12
_AFTER_SECONDS: Final = 2
# What takes no longer is not asked after.
_ASKED_AFTER_SECONDS: Final = 5
_ASKED_EVERY_SECONDS: Final = 3


class Waiting:
    """What an update waits for, as lines for one screen."""

    def __init__(self, stack: str, started: float) -> None:
        """Begin; `started` and all other times are seconds of one clock."""
        self._stack = stack
        self._started = started
        self._seen: set[str] = set()
        self._since: dict[str, float] = {}
        self._why: dict[str, str] = {}
        self._releases: dict[str, str] = {}
        self._pods: dict[str, str] = {}

    def take(self, moment: Moment, now: float) -> None:
        """Note what happens to a resource."""
        self._seen.add(moment.urn)
        if moment.done:
            self._since.pop(moment.urn, None)
            self._why.pop(moment.urn, None)
            self._pods.pop(moment.urn, None)
        elif moment.waits:
            self._since.setdefault(moment.urn, now)
            if moment.release:
                self._releases[moment.urn] = moment.release
            if moment.message:
                self._why[moment.urn] = moment.message

    def ask(self, now: float, unready: Callable[[Place], str]) -> None:
        """Ask which pod is not ready, for what is shown and has taken longer than a moment.

        Raises:
            SluiceError: where that cannot be told.

        """
        for _, urn in self._longer_than(_ASKED_AFTER_SECONDS, now)[:_SHOWN]:
            place = self._place(urn)
            self._pods[urn] = unready(place) if place else ""
            if urn not in self._since:  # it has ended meanwhile
                self._pods.pop(urn, None)

    def lines(self, now: float, width: int, height: int) -> list[str]:
        """Return how far it is, and below it what is waited for, the longest first."""
        elapsed = now - self._started
        head = f"{self._stack}: {len(self._seen)} resources, {elapsed:.0f} s"
        long = self._longer_than(_AFTER_SECONDS, now)
        room = max(1, min(_SHOWN, height - 3))
        rows: list[str] = []
        shown = 0
        for since, urn in long:
            row = self._rows(urn, now - since)
            if shown and len(rows) + len(row) > room:
                break
            rows += row[:room]
            shown += 1
        more = [f"  and {len(long) - shown} more"] if len(long) > shown else []
        return [_cut(line, width) for line in (head, *rows, *more)]

    def _longer_than(self, seconds: float, now: float) -> list[tuple[float, str]]:
        # A copy, since another thread takes what happens meanwhile.
        waiting = list(self._since.items())
        return sorted((since, urn) for urn, since in waiting if now - since >= seconds)

    def _place(self, urn: str) -> Place | None:
        """Return kind, namespace and name; None of what is on another cluster."""
        kind, _, path = _title(urn).partition(" ")
        if "@" in urn.rpartition("::")[2].partition(":")[0]:
            return None
        namespace, _, name = self._releases.get(urn, path).rpartition("/")
        return kind, namespace, name

    def _rows(self, urn: str, seconds: float) -> list[str]:
        why, pod = self._why.get(urn), self._pods.get(urn)
        first = f"  {_title(urn)}, {seconds:.0f} s" + (f": {why}" if why else "")
        return [first, f"    {pod}"] if pod else [first]


@contextmanager
def progress(stack: Stack) -> Iterator[Watcher]:
    """Give what is told each moment, and shows on stderr what waits and why.

    Of what takes longer, the stack's own cluster is asked which pod is not ready.
    """
    if not sys.stderr.isatty():
        yield lambda _moment: None
        return
    from rich.console import Console  # noqa: PLC0415 - without a terminal, none is needed
    from rich.live import Live  # noqa: PLC0415 - the same

    console = Console(stderr=True)
    waiting = Waiting(stack.name, time.monotonic())

    def screen() -> str:
        return "\n".join(waiting.lines(time.monotonic(), console.width, console.height))

    def watch(moment: Moment) -> None:
        waiting.take(moment, time.monotonic())

    over = threading.Event()
    asking = threading.Thread(target=_ask, args=(waiting, stack, over), daemon=True)
    asking.start()
    try:
        with Live(console=console, get_renderable=screen, refresh_per_second=4, transient=True):
            yield watch
    finally:
        over.set()


def _ask(waiting: Waiting, stack: Stack, over: threading.Event) -> None:
    from sluice.kubernetes.unready import unready  # noqa: PLC0415 - loads the cluster's client

    cluster = stack.cluster()
    while not over.wait(_ASKED_EVERY_SECONDS):
        try:
            waiting.ask(time.monotonic(), lambda place: unready(cluster, *place))
        except SluiceError:
            continue  # what the engine says stands; an account need not be allowed to see pods


def _title(urn: str) -> str:
    """Return `Deployment shop/web` of a URN; what is none as it is."""
    head, found, name = urn.rpartition("::")
    if not found:
        return urn
    kind = head.rpartition("$")[2].rpartition("::")[2].rpartition(":")[2]
    return f"{kind} {name.partition(':')[2] or name}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: max(width - 1, 1)]}…"
