"""Errors that a person can act on.

    SluiceError                 exit code 1
    ├── DeclarationError        what is declared is wrong (exit code 2)
    └── ArtifactError           a chart, source or lock entry cannot be had (exit code 2)

Each carries one sentence that names the file, line or object, what is wrong
and what to do. It is raised where the cause is known and caught once, at the
edge of the program or of the command.
"""

from __future__ import annotations

__all__ = ["ArtifactError", "DeclarationError", "SluiceError"]


class SluiceError(Exception):
    """The base of every error that is meant for people."""

    exit_code = 1


class DeclarationError(SluiceError):
    """What is declared is wrong; nothing has been applied."""

    exit_code = 2


class ArtifactError(SluiceError):
    """A chart, a source or a lock entry is missing, unreachable or not what was locked."""

    exit_code = 2
