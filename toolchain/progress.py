"""Telling people how an installation goes: on a terminal, and elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Lines", "Progress", "Silent", "Terminal", "progress_for"]

_INTERVAL = 0.2
_MINUTE = 60


class Progress(Protocol):
    """What the installer tells while it works; called from several threads."""

    def begin(self, missing: Collection[str]) -> None:
        """Say what is not there yet; called once, and only if something is missing."""

    def update(self, items: Collection[str], doing: str) -> None:
        """Say what is being done for these items."""

    def done(self, item: str, how: str) -> None:
        """Say that an item is there now, and how it was had."""

    def end(self) -> None:
        """Say no more."""


class Silent:
    """Tells nothing."""

    def begin(self, missing: Collection[str]) -> None:
        """Ignore it."""

    def update(self, items: Collection[str], doing: str) -> None:
        """Ignore it."""

    def done(self, item: str, how: str) -> None:
        """Ignore it."""

    def end(self) -> None:
        """Do nothing."""


class Lines:
    """One line for each item when it is there; nothing if all was there already."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._left: set[str] = set()
        self._lock = threading.RLock()

    def begin(self, missing: Collection[str]) -> None:
        """Remember what is to come."""
        self._left = set(missing)

    def update(self, items: Collection[str], doing: str) -> None:
        """Say that another process is waited for; the rest is detail."""
        if doing.startswith("waiting"):
            self._line(f"{', '.join(sorted(items))}: {doing}")

    def done(self, item: str, how: str) -> None:
        """Write the item's line."""
        with self._lock:
            if item in self._left:
                self._left.discard(item)
                left = f", {len(self._left)} left" if self._left else ""
                self._line(f"{item}: {how} after {_elapsed(self._started)}{left}")

    def end(self) -> None:
        """Do nothing."""

    def _line(self, text: str) -> None:
        with self._lock:
            print(text, file=self._stream, flush=True)


class Terminal(Lines):
    """The same lines, above a live one: what is going on, how long, how many left."""

    def __init__(self, stream: TextIO, width: int) -> None:
        super().__init__(stream)
        self._width = width
        self._doing: dict[tuple[str, ...], str] = {}
        self._stop = threading.Event()
        self._painter = threading.Thread(target=self._paint_on, daemon=True)

    def begin(self, missing: Collection[str]) -> None:
        """Start the live line."""
        super().begin(missing)
        self._painter.start()

    def update(self, items: Collection[str], doing: str) -> None:
        """Change what the live line says of these items."""
        with self._lock:
            self._doing = {
                key: text for key, text in self._doing.items() if not set(key) & set(items)
            }
            self._doing[tuple(sorted(items))] = doing

    def done(self, item: str, how: str) -> None:
        """Write the item's line above the live one."""
        with self._lock:
            super().done(item, how)
            self._doing = {
                tuple(name for name in key if name != item): text
                for key, text in self._doing.items()
                if key != (item,)
            }

    def end(self) -> None:
        """Remove the live line."""
        self._stop.set()
        if self._painter.is_alive():
            self._painter.join()
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _line(self, text: str) -> None:
        with self._lock:
            self._stream.write("\r\x1b[K")
            super()._line(text)

    def _paint_on(self) -> None:
        while not self._stop.wait(_INTERVAL):
            with self._lock:
                self._stream.write(f"\r\x1b[K{self._live()[: self._width - 1]}")
                self._stream.flush()

    def _live(self) -> str:
        parts = [f"{_elapsed(self._started)}, {len(self._left)} left"]
        for items, doing in self._doing.items():
            more = f" and {len(items) - 1} more" if len(items) > 1 else ""
            parts.append(f"{items[0] if items else ''}{more}: {doing}")
        return " | ".join(parts)


def progress_for(stream: TextIO | None = None) -> Progress:
    """Choose how to tell progress on a stream (standard error by default)."""
    stream = stream or sys.stderr
    if not stream.isatty():
        return Lines(stream)
    return Terminal(stream, shutil.get_terminal_size().columns)


def _elapsed(since: float) -> str:
    seconds = int(time.monotonic() - since)
    minutes, seconds = divmod(seconds, _MINUTE)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
