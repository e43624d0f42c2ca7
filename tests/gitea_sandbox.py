"""A running Gitea with its runner, for the tests that need the real ones.

A conftest takes the fixtures by importing them. Without clusters, `gitea` is
up in seconds; `fill` puts a Gitea beside the clusters of any sandbox.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from sluice.errors import GiteaError
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from sluice.gitea.records import PullRequest, Run
from sluice.sandbox.gitea.service import GiteaService, Seed
from sluice.sandbox.sandbox import Sandbox
from sluice.stack.tool_environment import SANDBOX_PASSPHRASE
from tests.registry import Registry

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[1]
SECONDS = 90.0
# Gitea looks for conflicts in the background.
NOT_YET = 405
AUTHOR = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
}


@dataclass(frozen=True)
class GiteaSandbox:
    """A Gitea of a sandbox, seen by its administrator and by the pipeline's bot.

    Attributes:
        box: the sandbox.
        admin: the repository as its administrator.
        bot: the repository as the account whose token is the secret SLUICE_TOKEN.

    """

    box: Sandbox
    admin: Gitea
    bot: Gitea

    @property
    def service(self) -> GiteaService:
        """The server, its runner, their files."""
        return self.box.gitea

    @property
    def registry(self) -> Registry:
        """Gitea's own registry, to which the bot pushes."""
        server = self.service.server.url
        token = self.service.bot_token_file.read_text()
        return Registry(server.partition("://")[2], server, auth=("sluice-bot", token))

    def clone(self, folder: Path) -> Clone:
        """Clone the repository as its administrator."""
        helper = f"store --file={self.service.credentials_file}"
        environment = {
            **os.environ,
            **AUTHOR,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": helper,
            "GIT_TERMINAL_PROMPT": "0",
        }
        clone = Clone(folder, environment)
        folder.mkdir(parents=True)
        clone.git("clone", "--quiet", self.service.url, ".")
        return clone

    def finished_run(self, workflow: str, commit: str = "", seconds: float = SECONDS) -> Run:
        """Wait until the newest run of a workflow has ended, and return it."""

        def newest() -> Run | None:
            runs = self.admin.runs(workflow, commit=commit, limit=1)
            return runs[0] if runs and runs[0].finished else None

        return eventually(newest, f"a run of {workflow}", seconds)

    def merge(self, request: PullRequest) -> PullRequest:
        """Merge a pull request, once Gitea has found out whether it can be."""

        def merged() -> PullRequest | None:
            try:
                return self.admin.merge(request.number)
            except GiteaError as error:
                if error.status != NOT_YET:
                    raise
                return None

        return eventually(merged, f"the merge of #{request.number}")

    def log(self, run: Run) -> str:
        """The logs of all jobs of a run."""
        pieces = (piece for job in self.admin.jobs(run) for piece in self.admin.job_log(job))
        return b"".join(pieces).decode()


@dataclass(frozen=True)
class Clone:
    """A clone of the repository, and Git on it."""

    root: Path
    environment: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        """What `git` prints; a failure raises CalledProcessError with its stderr."""
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - the machine's own
            cwd=self.root,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def sluice(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """What this test run's command prints here, errors too; it ends with `code`."""
        done = subprocess.run(
            [sys.executable, "-c", "from sluice.cli import main; main()", *arguments],
            cwd=self.root,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def push(self, branch: str, message: str = "change") -> str:
        """Commit everything and push it as a branch; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")


def eventually(
    look: Callable[[], T | None],
    what: str,
    seconds: float = SECONDS,
    instead: Callable[[], str] = str,
) -> T:
    """Look again and again until there is something; after a while fail, and tell what is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s\n{instead()}")


def committed_copy(target: Path) -> Path:
    """Copy this repository as it stands, new files too, and commit it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((REPOSITORY / name).read_bytes())
    return committed(target)


def committed(folder: Path) -> Path:
    """Make a folder a Git repository with one commit."""
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message=the platform"),
    ):
        environment = {**os.environ, **AUTHOR}
        subprocess.run(["git", *command], cwd=folder, env=environment, check=True)  # noqa: S607
    return folder


def seed(box: Sandbox, checkout: Path, checks: tuple[str, ...] = ()) -> Seed:
    """What a sandbox's Gitea is filled with from a checkout."""
    local = checkout / ".sluice"
    return Seed(checkout, box.kubeconfig, box.preview_kubeconfig, local, SANDBOX_PASSPHRASE, checks)


def fill(
    box: Sandbox,
    programs: Path,
    checkout: Path,
    clusters: tuple[str, ...] = (),
    checks: tuple[str, ...] = (),
) -> GiteaSandbox:
    """Start a Gitea in a sandbox, with a checkout's newest commit on main."""
    box.up(programs, clusters, gitea=seed(box, checkout, checks))
    token = box.gitea.bot_token_file.read_text()
    admin = box.gitea.client()
    bot = Gitea(Connection(box.gitea.server.url, f"token {token}"), admin.owner, admin.name)
    return GiteaSandbox(box, admin, bot)


@pytest.fixture(scope="session")
def gitea(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiteaSandbox]:
    """A Gitea with a runner and a small repository, without clusters; always stopped."""
    folder = tmp_path_factory.mktemp("gitea")
    (folder / "checkout").mkdir()
    (folder / "checkout" / "README.md").write_text("A platform.\n")
    box = Sandbox(folder / "sandbox")
    try:
        yield fill(box, programs, committed(folder / "checkout"))
    finally:
        box.down()
