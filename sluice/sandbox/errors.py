"""Why a sandbox could not be brought up.

SluiceError
└── SandboxError
    ├── ProgramMissingError    an executable is not in the given folder
    ├── ProgramExitedError     a program ended while it was waited for
    ├── PortTakenError         a port that was asked for belongs to somebody else
    └── NotReadyError          a program runs but did not become ready in time
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.errors import SluiceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "NotReadyError",
    "PortTakenError",
    "ProgramExitedError",
    "ProgramMissingError",
    "SandboxError",
]


class SandboxError(SluiceError):
    """The sandbox cannot do what was asked."""


class ProgramMissingError(SandboxError):
    """An executable of the control plane is not in the folder that was given."""

    def __init__(self, program: str, folder: Path) -> None:
        super().__init__(
            f"no executable {program} in {folder}; "
            "install the sandbox's programs (`make up` does) and try again"
        )


class ProgramExitedError(SandboxError):
    """A program ended while it was waited for; its last words are in the message."""

    def __init__(self, cluster: str, program: str, log: Path, last_lines: Sequence[str]) -> None:
        said = "".join(f"\n    {line}" for line in last_lines) or " nothing"
        super().__init__(
            f"{program} of {cluster} ended instead of becoming ready; "
            f"correct the cause that {log} shows and run `sluice sandbox up` again. It said:{said}"
        )


class PortTakenError(SandboxError):
    """A port that was asked for is in use by something else."""

    def __init__(self, cluster: str, port: int) -> None:
        super().__init__(
            f"port {port} for {cluster} is taken by another program; "
            f"stop that program, or choose another port with --port {cluster}=PORT"
        )


class NotReadyError(SandboxError):
    """What was started did not become ready within the limit."""

    def __init__(self, waiting: str, seconds: float) -> None:
        super().__init__(
            f"the sandbox was not ready after {seconds:.0f} s: {waiting}; "
            "`sluice sandbox status` shows what runs, "
            "and `sluice sandbox up` goes on from here"
        )
