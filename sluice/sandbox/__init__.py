"""Real Kubernetes control planes and a chart repository on one machine, without Docker.

What the platform deploys onto them belongs in `stacks`, and how their programs
are obtained in `toolchain`.
"""

from sluice.sandbox.errors import (
    NotReadyError,
    PortTakenError,
    ProgramExitedError,
    ProgramMissingError,
    SandboxError,
)
from sluice.sandbox.sandbox import DEFAULT_CLUSTERS, Sandbox
from sluice.sandbox.status import ProcessStatus

__all__ = [
    "DEFAULT_CLUSTERS",
    "NotReadyError",
    "PortTakenError",
    "ProcessStatus",
    "ProgramExitedError",
    "ProgramMissingError",
    "Sandbox",
    "SandboxError",
]
