"""Gitea and its runner in the sandbox, with this checkout's repository, ready for the pipeline.

<folder>/url                 the repository's address
<folder>/git-credentials     for Git's credential helper `store`
<folder>/filled              the digest of the secrets and variables that were set
<folder>/bot-token           the token that the pipeline has as a secret
<folder>/volume/             what the runner's jobs keep: the checkout's own state, records, locks
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import git

from components.lib.files.atomic_file import write_if_changed
from sluice.gitea.bootstrap import apply, set_values
from sluice.gitea.bootstrap_plan import BootstrapPlan, Result
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from sluice.sandbox.chart_server.repository import archives
from sluice.sandbox.errors import ProgramExitedError, ProgramMissingError, SandboxError
from sluice.sandbox.gitea.runner import RUNNER, GiteaRunner
from sluice.sandbox.gitea.server import ADMINISTRATOR, GITEA, GiteaServer
from sluice.sandbox.processes.process import Unit, find, last_lines, read_record, stop
from sluice.sandbox.processes.supervision import ensure_running

__all__ = ["ORGANISATION", "REPOSITORY", "GiteaService", "Seed", "check_seed"]

ORGANISATION: Final = "raibid"
REPOSITORY: Final = "infrastructure"
_KEPT: Final = ("charts", "deployments", "locks", "logs", "pulumi")
_CONFLICT: Final = 409


@dataclass(frozen=True)
class Seed:
    """What Gitea is filled with.

    Attributes:
        checkout: the repository whose newest commit becomes `main`.
        kubeconfig: the file that gives the pipeline its clusters, to apply.
        preview_kubeconfig: the one that gives them to previews, to look and do dry runs.
        local: the checkout's own folder of state, which the runner's jobs share.
        passphrase: of the secrets in Pulumi's state.
        checks: the commit statuses that a pull request needs.

    """

    checkout: Path
    kubeconfig: Path
    preview_kubeconfig: Path
    local: Path
    passphrase: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class GiteaService:
    """A Gitea and a runner whose state is in `folder`."""

    folder: Path

    @property
    def server(self) -> GiteaServer:
        """The server."""
        return GiteaServer(self.folder)

    @property
    def runner(self) -> GiteaRunner:
        """The runner."""
        return GiteaRunner(self.folder / "runner")

    @property
    def units(self) -> list[Unit]:
        """The places of their processes, in the order in which they start."""
        return [self.server.unit, self.runner.unit]

    @property
    def url(self) -> str:
        """The repository's page."""
        return f"{self.server.url}/{ORGANISATION}/{REPOSITORY}"

    @property
    def volume(self) -> Path:
        """What the runner's jobs keep between them."""
        return self.folder / "volume"

    @property
    def credentials_file(self) -> Path:
        """What Git's credential helper `store` reads."""
        return self.folder / "git-credentials"

    @property
    def bot_token_file(self) -> Path:
        """The file of the bot's token."""
        return self.folder / "bot-token"

    @property
    def exists(self) -> bool:
        """Whether it was ever brought up."""
        return self.server.port() is not None

    def client(self) -> Gitea:
        """The repository as its administrator; after `up`."""
        token = self.server.token_file.read_text()
        return self._repository(Connection(self.server.url, f"token {token}"))

    def prepare(self, seed: Seed, mirrors_file: Path, *, preferred: bool) -> None:
        """Write what both need before they start; the jobs read charts as `mirrors_file` says.

        `preferred` is whether Gitea may have its preferred port.
        """
        self.server.prepare(preferred=preferred)
        self.runner.prepare()
        write_if_changed(self.folder / "url", self.url)
        self._share(seed.local, mirrors_file)

    def make_ready(self, programs: Path, seed: Seed) -> Iterator[str]:
        """Start Gitea, fill it, and make its runner known to it."""
        ensure_running(self.server.unit, self.server.command(programs))
        while not self.server.is_healthy():
            yield self._alive(self.server.unit)
        yield f"{ADMINISTRATOR} in gitea"
        gitea = self._repository(self.server.ensure_administrator(programs))
        self._write_credentials()
        yield f"{gitea.slug} in gitea"
        self._fill(gitea, seed)
        yield "the runner's registration"
        self.runner.register(programs, gitea)

    def take_jobs(self, programs: Path) -> Iterator[str]:
        """Start the runner, and wait until it takes jobs; they need what they work on."""
        ensure_running(self.runner.unit, self.runner.command(programs), self.runner.environment())
        gitea = self.client()
        while not any(runner.online for runner in gitea.runners()):
            yield self._alive(self.runner.unit)

    def stop(self) -> None:
        """Stop the runner, then the server."""
        for unit in reversed(self.units):
            process = find(unit)
            if process is not None:
                stop([process])
            unit.record.unlink(missing_ok=True)

    def _fill(self, gitea: Gitea, seed: Seed) -> None:
        """Fill Gitea once; what was changed in it since then is the user's.

        Secrets and variables are set again where the clusters became others.
        """
        plan = BootstrapPlan(
            checks=seed.checks, secrets=_secrets(seed), variables=self._variables(seed)
        )
        values = repr((sorted(plan.secrets.items()), sorted(plan.variables.items())))
        digest, marker = hashlib.sha256(values.encode()).hexdigest(), self.folder / "filled"
        if not marker.exists():
            deque(self._bootstrap(gitea, plan, seed.checkout), maxlen=0)
            _publish(gitea)
        elif marker.read_text() != digest:
            deque(set_values(gitea, plan), maxlen=0)
        write_if_changed(marker, digest)

    def _bootstrap(self, gitea: Gitea, plan: BootstrapPlan, checkout: Path) -> Iterator[Result]:
        return apply(
            gitea,
            plan,
            push=lambda: self._push(gitea, checkout),
            keep_token=lambda token: write_if_changed(self.bot_token_file, token),
            renew_token=not self.bot_token_file.exists(),
        )

    def _variables(self, seed: Seed) -> Mapping[str, str]:
        return {
            "PULUMI_BACKEND_URL": f"file://{seed.local / 'pulumi'}",
            "SLUICE_VOLUME": str(self.volume),
        }

    def _share(self, local: Path, mirrors_file: Path) -> None:
        """Give the jobs the state, the records and the locks of the checkout, no credentials."""
        self.volume.mkdir(parents=True, exist_ok=True, mode=0o700)
        shared = {name: local / name for name in _KEPT}
        for folder in shared.values():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, place in {**shared, "mirrors.yaml": mirrors_file}.items():
            link = self.volume / name
            if not link.is_symlink():
                link.symlink_to(place)

    def _write_credentials(self) -> None:
        password = self.server.password_file.read_text()
        scheme, _, host = self.server.url.partition("://")
        line = f"{scheme}://{ADMINISTRATOR}:{password}@{host}\n"
        write_if_changed(self.credentials_file, line)

    def _push(self, gitea: Gitea, checkout: Path) -> None:
        token = self.server.token_file.read_text()
        basic = base64.b64encode(f"{ADMINISTRATOR}:{token}".encode()).decode()
        with git.Repo(checkout, search_parent_directories=True) as repo:
            # By the environment: a command line and a remote are there to be read.
            header = {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "http.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            }
            try:
                with repo.git.custom_environment(**header):
                    repo.git.push(gitea.url, "HEAD:refs/heads/main")
            except git.GitCommandError as error:
                raise SandboxError(
                    f"{checkout} cannot be pushed to the sandbox's Gitea: {error.stderr.strip()}"
                ) from None

    def _alive(self, unit: Unit) -> str:
        if read_record(unit) is not None and find(unit) is None:
            raise ProgramExitedError("the sandbox", unit.program, unit.log, last_lines(unit.log))
        return unit.program

    def _repository(self, connection: Connection) -> Gitea:
        return Gitea(connection, ORGANISATION, REPOSITORY)


def _secrets(seed: Seed) -> Mapping[str, str]:
    return {
        "KUBECONFIG_UP": seed.kubeconfig.read_text(),
        "KUBECONFIG_PREVIEW": seed.preview_kubeconfig.read_text(),
        "PULUMI_CONFIG_PASSPHRASE": seed.passphrase,
    }


def check_seed(programs: Path, seed: Seed) -> None:
    """Refuse, before anything is changed, what Gitea cannot be started from or filled with."""
    for program in (GITEA, RUNNER):
        if not os.access(programs / program, os.X_OK):
            raise ProgramMissingError(program, programs)
    try:
        with git.Repo(seed.checkout, search_parent_directories=True) as repo:
            _ = repo.head.commit
    except (git.GitError, ValueError) as error:
        raise SandboxError(
            f"{seed.checkout} has no commit that the sandbox's Gitea could be filled with; "
            "run this in a checkout"
        ) from error


def _publish(gitea: Gitea) -> None:
    """Store the sandbox's charts in the organisation's Helm registry."""
    index = f"/api/packages/{ORGANISATION}/helm/index.yaml"
    there = gitea.connection.call("GET", index).data.decode()
    for name, archive in archives():
        if f"/{name}" not in there:
            path = f"/api/packages/{ORGANISATION}/helm/api/charts"
            gitea.connection.call("POST", path, body=archive)
