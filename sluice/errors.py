"""Errors of the command, beside those of `components.errors`.

SluiceError
├── RepositoryError      not a repository, no such stack (exit code 2)
├── DeploymentError      an update failed (exit code 3)
└── LockedError          another update holds the stack (exit code 4)
"""

from components.errors import SluiceError

__all__ = ["DeploymentError", "LockedError", "RepositoryError"]


class RepositoryError(SluiceError):
    """The working directory is not what the command needs; nothing was changed."""

    exit_code = 2


class DeploymentError(SluiceError):
    """An update failed; what it applied is in the state, and the next one goes on from there."""

    exit_code = 3


class LockedError(SluiceError):
    """Another update of the stack is running."""

    exit_code = 4
