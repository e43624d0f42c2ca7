"""Errors of the command, beside those of `components.errors`.

SluiceError
├── RepositoryError      not a repository, no such stack (exit code 2)
│   ├── NoRemoteError    it was never pushed anywhere
│   ├── PromotionError   a stack that is not to be followed yet
│   └── RollbackError    a deployment that cannot be gone back to
├── ApiError             the cluster cannot be asked, or refuses (exit code 3)
├── GiteaError           Gitea cannot be asked, or refuses (exit code 3)
│   └── PassingGiteaError another try may help
├── DeploymentError      an update failed (exit code 3)
├── LockedError          another update holds the stack (exit code 4)
├── AlertError           somebody cannot be told of an event (exit code 3)
├── SuspendedError       the stack is left out until it is resumed (exit code 5)
├── WaitingError         the stack waits for an approval (exit code 0)
└── ReviewError          an update would lose data that nobody has agreed to (exit code 7)

KeyboardInterrupt
└── CancelledError       a signal has ended the command (exit code 128 and its number)
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from components.errors import SluiceError

if TYPE_CHECKING:
    from sluice.diff.change import Change

__all__ = [
    "AlertError",
    "ApiError",
    "CancelledError",
    "DeploymentError",
    "GiteaError",
    "LockedError",
    "NoRemoteError",
    "PassingGiteaError",
    "PromotionError",
    "RepositoryError",
    "ReviewError",
    "RollbackError",
    "SuspendedError",
    "WaitingError",
]


class RepositoryError(SluiceError):
    """The working directory is not what the command needs; nothing was changed."""

    exit_code = 2


class NoRemoteError(RepositoryError):
    """The repository has no remote."""


class ApiError(SluiceError):
    """The cluster cannot be asked, or refuses; `status` is HTTP's, 0 where it gave none."""

    exit_code = 3

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class GiteaError(SluiceError):
    """Gitea cannot be asked, or refuses.

    Attributes:
        status: HTTP's, 0 where it gave none.
        reason: what Gitea itself said.

    """

    exit_code = 3

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        """Take the sentence for people, and what it was made of."""
        super().__init__(message)
        self.status = status
        self.reason = reason


class PassingGiteaError(GiteaError):
    """Gitea was not reached, or was busy; `sent` is false where it cannot have seen the request."""

    def __init__(self, message: str, *, status: int = 0, sent: bool = True) -> None:
        super().__init__(message, status=status)
        self.sent = sent


class AlertError(SluiceError):
    """Somebody cannot be told of an event; nothing else is the worse for it."""

    exit_code = 3


class PromotionError(RepositoryError):
    """What a stack runs is not to be carried on, or not yet."""


class RollbackError(RepositoryError):
    """The stack cannot go back to that deployment."""


class DeploymentError(SluiceError):
    """An update failed; what it applied is in the state, and the next one goes on from there.

    Attributes:
        changes: what it did until then, and what failed.

    """

    exit_code = 3

    def __init__(self, message: str, changes: Sequence[Change] = ()) -> None:
        """Take the reasons, and what happened to each object."""
        super().__init__(message)
        self.changes = changes


class LockedError(SluiceError):
    """Another update of the stack is running."""

    exit_code = 4


class SuspendedError(SluiceError):
    """The stack is left out until it is resumed; nothing was changed."""

    exit_code = 5


class WaitingError(SluiceError):
    """The stack waits for an approval, which is no failure; nothing was changed."""

    exit_code = 0


class ReviewError(SluiceError):
    """An update would lose data that nobody has agreed to; nothing was changed."""

    exit_code = 7


class CancelledError(KeyboardInterrupt):
    """A signal has ended the command; like Python's own for Ctrl-C, it is caught by nobody else."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__(f"cancelled by {name}; the next run goes on from what is done")
        self.exit_code = 128 + number
