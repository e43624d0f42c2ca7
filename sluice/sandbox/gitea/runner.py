"""The sandbox's runner: registered for one repository, its jobs in a clean environment.

<folder>/config.yaml     its configuration
<folder>/registration    who it is to Gitea
<folder>/home/           what its jobs see as their home
<folder>/work/           their working directories
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from components.lib.files.atomic_file import write_if_changed
from sluice.errors import GiteaError
from sluice.gitea.client import Gitea
from sluice.sandbox.errors import SandboxError
from sluice.sandbox.processes.process import Unit

__all__ = ["RUNNER", "GiteaRunner"]

RUNNER: Final = "gitea-runner"
LABEL: Final = "ubuntu-latest:host"
SECONDS: Final = 30
PASSED_ON: Final = ("PIP_", "SSL_CERT_", "GIT_SSL_", "LANG", "LC_", "TZ")
"""What of the user's environment a job needs: how packages are found, in which language."""


@dataclass(frozen=True)
class GiteaRunner:
    """The runner whose state is in `folder`."""

    folder: Path

    @property
    def unit(self) -> Unit:
        """The place of its process."""
        return Unit("gitea", RUNNER, self.folder)

    @property
    def configuration(self) -> Path:
        """Its config.yaml."""
        return self.folder / "config.yaml"

    @property
    def registration(self) -> Path:
        """The file that says who it is to Gitea."""
        return self.folder / "registration"

    def prepare(self) -> None:
        """Write its configuration."""
        for name in ("home", "work"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        write_if_changed(self.configuration, yaml.safe_dump(self._settings(), sort_keys=False))

    def register(self, programs: Path, gitea: Gitea) -> None:
        """Make it known to a repository, unless it is.

        The token goes in by standard input: the command line is everybody's to read.
        """
        if self._is_known(gitea):
            return
        self.registration.unlink(missing_ok=True)
        path = gitea.path("actions", "runners", "registration-token")
        token = gitea.connection.call("POST", path).json()["token"]
        answers = (gitea.connection.server, token, "sandbox")
        done = subprocess.run(
            [programs / RUNNER, "--config", self.configuration, "register"],
            cwd=self.folder,
            env=self.environment(),
            input="".join(f"{answer}\n" for answer in answers),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if not self.registration.exists():
            words = (done.stderr or done.stdout).replace(token, "***").strip()
            raise SandboxError(f"the runner cannot be registered with Gitea: {words}")

    def command(self, programs: Path) -> list[str]:
        """How to start it from the folder of executables `programs`."""
        return [str(programs / RUNNER), "--config", str(self.configuration), "daemon"]

    def environment(self) -> dict[str, str]:
        """What it and its jobs inherit: no credentials, the user's cache of programs."""
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        passed = {key: text for key, text in os.environ.items() if key.startswith(PASSED_ON)}
        return {
            **passed,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": cache,
        }

    def _is_known(self, gitea: Gitea) -> bool:
        try:
            own = yaml.safe_load(self.registration.read_text())
            return any(runner.id == own["id"] for runner in gitea.runners())
        except (FileNotFoundError, GiteaError, TypeError, KeyError):
            return False

    def _settings(self) -> dict[str, object]:
        return {
            "log": {"level": "info"},
            "runner": {
                "file": str(self.registration),
                "capacity": max(2, os.cpu_count() or 1),
                # A job whose assignment comes too late for it is lost, and fails as a zombie.
                "fetch_timeout": "1m",
                "fetch_interval": "500ms",
                "fetch_interval_max": "500ms",
                "log_report_interval": "1s",
                "log_report_max_latency": "500ms",
                "state_report_interval": "1s",
                "labels": [LABEL],
            },
            "cache": {"enabled": False},
            # A folder of its own for each job: several of one repository run at once.
            "container": {"bind_workdir": True, "workdir_parent": str(self.folder / "work")},
            "host": {"workdir_parent": str(self.folder / "work")},
        }
