"""What people see while the engine runs: how far it is, what waits and why.

On a terminal it is one screen, kept up to date; in a job's log a line each minute.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from components.errors import SluiceError
from sluice.errors import ApiError

if TYPE_CHECKING:
    from sluice.engine.events import Moment, Watcher
    from sluice.kubernetes.cluster import Cluster
from sluice.stack.stack import Stack

__all__ = ["Waiting", "progress"]

Place = tuple[str, str, str]

_SHOWN: Final = 12
_AFTER_SECONDS: Final = 2
# What takes no longer is not asked after.
_ASKED_AFTER_SECONDS: Final = 5
_ASKED_EVERY_SECONDS: Final = 3
# Without a terminal, such as in a job.
_TOLD_EVERY_SECONDS: Final = 60
_FORBIDDEN: Final = 403
# As of a screen: the head, what is waited for longest, and how much more.
_HEIGHT_OF_LINE: Final = 6


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

    def line(self, now: float, said: str = "") -> str:
        """Return the same in one line, for a log; `said` is of the cluster, and comes first."""
        head, *waits = self.lines(now, sys.maxsize, _HEIGHT_OF_LINE)
        more = f"waiting for {'; '.join(each.strip() for each in waits)}" if waits else ""
        return "; ".join(filter(None, (head, said, more)))

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
    waiting = Waiting(stack.name, time.monotonic())

    def watch(moment: Moment) -> None:
        waiting.take(moment, time.monotonic())

    if not sys.stderr.isatty():
        with _beside(_tell, waiting, stack):
            yield watch
        return
    from rich.console import Console  # noqa: PLC0415 - without a terminal, none is needed
    from rich.live import Live  # noqa: PLC0415 - the same

    console = Console(stderr=True)

    def screen() -> str:
        return "\n".join(waiting.lines(time.monotonic(), console.width, console.height))

    with (
        _beside(_ask, waiting, stack),
        Live(console=console, get_renderable=screen, refresh_per_second=4, transient=True),
    ):
        yield watch


@contextmanager
def _beside(
    work: Callable[[Waiting, Stack, threading.Event], None], waiting: Waiting, stack: Stack
) -> Iterator[None]:
    """Do some work beside the block, until it is over."""
    over = threading.Event()
    threading.Thread(target=work, args=(waiting, stack, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _ask(waiting: Waiting, stack: Stack, over: threading.Event) -> None:
    cluster = stack.cluster()
    while not over.wait(_ASKED_EVERY_SECONDS):
        try:
            _ask_once(waiting, cluster)
        except SluiceError:
            continue  # what the engine says stands; an account need not be allowed to see pods


def _tell(waiting: Waiting, stack: Stack, over: threading.Event) -> None:
    due = time.monotonic()
    while True:
        due += _TOLD_EVERY_SECONDS
        # A cluster that does not answer takes its time.
        if over.wait(_TOLD_EVERY_SECONDS / 2):
            return
        said = _problem(waiting, stack)
        if over.wait(max(0, due - time.monotonic())):
            return
        click.echo(waiting.line(time.monotonic(), said), err=True)


def _problem(waiting: Waiting, stack: Stack) -> str:
    """Ask once, and return why the cluster could not be asked."""
    try:
        cluster = stack.cluster()
        cluster.version()
        _ask_once(waiting, cluster)
    except SluiceError as error:
        is_refused = isinstance(error, ApiError) and error.status == _FORBIDDEN
        return "" if is_refused else str(error)
    return ""


def _ask_once(waiting: Waiting, cluster: Cluster) -> None:
    from sluice.kubernetes.unready import unready  # noqa: PLC0415 - loads the cluster's client

    waiting.ask(time.monotonic(), lambda place: unready(cluster, *place))


def _title(urn: str) -> str:
    """Return `Deployment shop/web` of a URN; what is none as it is."""
    head, found, name = urn.rpartition("::")
    if not found:
        return urn
    kind = head.rpartition("$")[2].rpartition("::")[2].rpartition(":")[2]
    return f"{kind} {name.partition(':')[2] or name}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: max(width - 1, 1)]}…"
