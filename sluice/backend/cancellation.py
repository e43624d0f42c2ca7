"""Asked to end: what runs for this command is asked first, then the command ends with a sentence.

A terminal sends SIGINT, a cancelled job SIGTERM, a closed terminal SIGHUP; each
is taken alike, and one that comes a second time ends everything at once.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final, Protocol

from sluice.errors import CancelledError

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Cancellable", "heed_signals", "running"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Cancellable(Protocol):
    """Something that runs for this command, and raises a CancelledError once it has ended."""

    def cancel(self, number: int) -> None:
        """Ask it to end, or to end at once where it was asked before."""


running: Final[list[Cancellable]] = []
"""What is asked before the command itself ends."""


def heed_signals() -> None:
    """Take each of the signals from now on, but one that whoever started this told it to ignore."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _take)


def _take(number: int, _frame: FrameType | None) -> None:
    for each in running:
        each.cancel(number)
    if not running:
        raise CancelledError(number)
