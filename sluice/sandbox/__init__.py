"""Real Kubernetes control planes, a chart repository and a Gitea on one machine, without Docker.

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
from sluice.sandbox.gitea_service import GiteaService, Seed
from sluice.sandbox.sandbox import DEFAULT_CLUSTERS, Sandbox
from sluice.sandbox.status import ProcessStatus

__all__ = [
    "DEFAULT_CLUSTERS",
    "GiteaService",
    "NotReadyError",
    "PortTakenError",
    "ProcessStatus",
    "ProgramExitedError",
    "ProgramMissingError",
    "Sandbox",
    "SandboxError",
    "Seed",
]
