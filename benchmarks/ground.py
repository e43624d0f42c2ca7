"""Where the tools are measured: an API server of their own, a repository, an environment."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.command import Command
from sluice.sandbox.sandbox import Sandbox
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import tool_environment
from toolchain.programs import KUBERNETES, PROVIDER, PULUMI

__all__ = ["CONTEXT", "Ground"]

CONTEXT = "benchmark"
_CHECKOUT = Path(__file__).parents[1]
_PASSPHRASE = "benchmark"  # noqa: S105 - guards a state that is thrown away


class Ground:
    """A folder with a control plane in it and a platform's repository around that.

    Attributes:
        folder: everything lies below it.
        programs: the folder of the external programs.
        repository: a repository made of this checkout's components, without stacks.

    """

    def __init__(self, folder: Path, programs: Path) -> None:
        """Make the repository; nothing runs yet."""
        self.folder = folder
        self.programs = programs
        self.repository = folder / "repository"
        self._sandbox = Sandbox(self.repository / ".sluice" / "sandbox")
        self._make_repository()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the control plane, and stop it at the end whatever happens."""
        try:
            self._sandbox.up(self.programs, [CONTEXT])
            yield
        finally:
            self._sandbox.down()

    def kubectl(self, *arguments: str | Path, successes: tuple[int, ...] = (0,)) -> Command:
        """Return a `kubectl` command on the control plane."""
        command = [self.programs / "kubectl", *arguments]
        return Command(command, self.folder, self.plain_environment(), successes)

    def pulumi(self, *arguments: str) -> Command:
        """Return a `pulumi` command on the repository, in the shell of `sluice env`."""
        command = [str(self.programs / "pulumi"), "--non-interactive", *arguments]
        return Command(command, self.repository, self.sluice_environment())

    def plain_environment(self) -> dict[str, str]:
        """Return what a user of plain tools has set: no switch, but no look for updates either."""
        home = self.folder / "plain-home"
        home.mkdir(exist_ok=True)
        plugins = self._users_pulumi_home() / "plugins"
        if not (home / "plugins").is_symlink():
            (home / "plugins").symlink_to(plugins)
        return {
            **_outer_environment(),
            "PATH": os.pathsep.join([*self._programs_path(), os.environ.get("PATH", os.defpath)]),
            "KUBECONFIG": str(self._sandbox.kubeconfig),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{self.folder}/plain-state",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def sluice_environment(self) -> dict[str, str]:
        """Return what `sluice env` sets, on top of the plain environment."""
        return {**_outer_environment(), **tool_environment(Repository(self.repository))}

    def versions(self) -> dict[str, str]:
        """Return the versions of what is measured, and the machine."""
        memory = psutil.virtual_memory().total / 2**30
        return {
            "Pulumi": PULUMI,
            "pulumi-kubernetes": PROVIDER,
            "Kubernetes and kubectl": KUBERNETES,
            "Python": sys.version.split()[0],
            "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB",
        }

    def _make_repository(self) -> None:
        (self.repository / "stacks").mkdir(parents=True)
        for name in ("__main__.py", "Pulumi.yaml", "stacks/__init__.py"):
            shutil.copy(_CHECKOUT / name, self.repository / name)
        for name in ("components", ".venv"):
            (self.repository / name).symlink_to(_CHECKOUT / name)
        (self.folder / "plain-state").mkdir()

    def _programs_path(self) -> list[str]:
        return [str(Path(sys.executable).parent), str(self.programs)]

    @staticmethod
    def _users_pulumi_home() -> Path:
        return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def _outer_environment() -> dict[str, str]:
    # Whoever runs the benchmark may keep Python from byte code; a user does not.
    ours = ("PULUMI_", "KUBECONFIG", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
