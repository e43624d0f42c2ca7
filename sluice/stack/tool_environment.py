"""What plain `pulumi`, `kubectl` and `sluice` need around them: programs, state, contexts.

Where this checkout has a sandbox, its clusters, its state and its passphrase
are used; else the user's own kubeconfig and Pulumi login. A pipeline's job is
given a kubeconfig by its content.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from sluice.backend.home import quiet_home
from sluice.stack.repository import Repository

__all__ = ["SANDBOX_PASSPHRASE", "enter", "enter_state", "tool_environment"]

# Guards the sandbox's own state only, whose salt is committed with the stacks;
# public on purpose. docs/own-clusters.md says how a team sets its own.
SANDBOX_PASSPHRASE = "sandbox"  # noqa: S105
_CONTENT: Final = "SLUICE_KUBECONFIG"


def tool_environment(repository: Repository) -> dict[str, str]:
    """Return the environment variables that make the tools work on this checkout."""
    from toolchain import bin_folder  # noqa: PLC0415 - completion does without

    programs = [str(Path(sys.executable).parent), str(bin_folder("deploy")), *_secrets()]
    return {
        "PATH": os.pathsep.join(_without(os.environ.get("PATH", ""), programs)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **_speed(repository),
        **_sandbox(repository),
    }


def enter(repository: Repository) -> None:
    """Set the environment for this process and those that it starts."""
    os.environ.update(tool_environment(repository))
    _take_kubeconfig()


def enter_state(repository: Repository) -> None:
    """Set what leads to the clusters and to Pulumi's state, for what starts no program."""
    os.environ.update(_sandbox(repository))
    _take_kubeconfig()


def _take_kubeconfig() -> None:
    """Lay down the kubeconfig that a job is given, for this process's life and its user alone."""
    content = os.environ.pop(_CONTENT, "")
    if not content:
        return
    from tempfile import mkstemp  # noqa: PLC0415 - only in a pipeline's job

    handle, path = mkstemp(prefix="kubeconfig-")
    atexit.register(_remove, path)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    os.environ["KUBECONFIG"] = path


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        Path(path).unlink()


def _secrets() -> list[str]:
    """Return the folder of sops, which only a stack with encrypted files needs."""
    from toolchain import NotInstalledError, bin_folder  # noqa: PLC0415 - completion does without

    try:
        return [str(bin_folder("secrets"))]
    except NotInstalledError:
        return []


def _speed(repository: Repository) -> Mapping[str, str]:
    # docs/speed.md has what each is worth.
    return {
        "PULUMI_HOME": str(quiet_home(repository.local)),
        # The provider's own limits are for a shared API server: 50 and 120 requests a second.
        "PULUMI_K8S_CLIENT_QPS": "500",
        "PULUMI_K8S_CLIENT_BURST": "1000",
        # Engine and provider live for one update: its CPU time is worth more than its memory.
        "GOGC": os.environ.get("GOGC", "400"),
    }


def _sandbox(repository: Repository) -> Mapping[str, str]:
    kubeconfig = repository.local / "sandbox" / "kubeconfig"
    if not kubeconfig.is_file():
        return {}
    state = repository.local / "pulumi"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "KUBECONFIG": str(kubeconfig),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": SANDBOX_PASSPHRASE,
    }


def _without(path: str, programs: list[str]) -> list[str]:
    return [*programs, *(part for part in path.split(os.pathsep) if part not in programs)]
