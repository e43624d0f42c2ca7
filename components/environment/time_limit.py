"""How long a program may run without an end: one that never ends would hold its stack for ever."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

import pulumi

from components.base.location import frame_line, is_ours
from components.lib.manifests import fields

__all__ = ["TimeLimit"]

_KEY: Final = "programTimeout"
_DEFAULT: Final = "5m"
# Where the program catches what ends it, it is told again.
_AGAIN_SECONDS: Final = 1.0
_HEARTBEAT_SECONDS: Final = 1.0


class TimeLimit:
    """The limit of the program that this process runs, which its configuration sets.

    What takes long beside the program's own lines, such as the objects that it waits
    for, does not count. Only the main thread can be interrupted, and so limited.
    """

    def __init__(self, over: Callable[[str], None]) -> None:
        """Take what is told once it is over: where the program is, and what can be done."""
        config = pulumi.Config()
        self._text = config.get(_KEY) or _DEFAULT
        self._key = config.full_key(_KEY)
        self._file = f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
        self._seconds = fields.duration(f"{self._file}: {self._key}", self._text)
        self._over = over
        self._root = Path.cwd()
        self._why = ""

    def begin(self) -> None:
        """Count from now on."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGALRM, self._tell)
            self._count()

    def end(self) -> None:
        """Count no more."""
        if threading.current_thread() is threading.main_thread():
            signal.setitimer(signal.ITIMER_REAL, 0)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin anew whenever the loop has its turn: what holds it up is a callback that is run."""
        self._count()
        loop.call_later(_HEARTBEAT_SECONDS, self.watch, loop)

    def _count(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._seconds, _AGAIN_SECONDS)

    def _tell(self, _number: int, frame: FrameType | None) -> None:
        while frame and not self._is_own(frame):
            frame = frame.f_back
        where = frame_line(frame, frame.f_lineno) if frame else "the program"
        self._why = self._why or (
            f"{where}: the program has not ended after {self._text}; take out what never ends, or "
            f"give it longer by {self._key} in {self._file}"
        )
        self._over(self._why)

    def _is_own(self, frame: FrameType) -> bool:
        file = Path(frame.f_code.co_filename)
        return not is_ours(frame) and file.is_relative_to(self._root)
