"""The guide's story, played on the sandbox's Gitea: a change is proposed, previewed, merged, live.

Told step by step, as a person would do it: with Git, Gitea's API and kubectl.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sluice.errors import GiteaError
from sluice.sandbox.errors import SandboxError
from sluice.sandbox.gitea.service import GiteaService

if TYPE_CHECKING:
    from sluice.gitea.client import Gitea
    from sluice.gitea.records import PullRequest

__all__ = ["Demo"]

T = TypeVar("T")

_BRANCH: Final = "more-agents"
_TITLE: Final = "feat: run two more CI agents in dev"
_FILE: Final = "stacks/Pulumi.dev.yaml"
_KEY: Final = "  infrastructure:agents: "
_ENDED: Final = ("success", "failure", "error", "warning")
_NOT_YET: Final = 405
_PATIENCE: Final = timedelta(minutes=10)
_WHO: Final = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Raibid Admin"), ("EMAIL", "admin@raibid.local"))
}


@dataclass(frozen=True)
class Demo:
    """The story on one sandbox.

    Attributes:
        service: the Gitea, running.
        folder: where its user clones the repository; made anew.
        stacks: the stacks' names, each after the one that it follows.
        pause: how long to wait before looking again.

    """

    service: GiteaService
    folder: Path
    stacks: tuple[str, ...]
    pause: timedelta = timedelta(seconds=1)

    def tell(self) -> Iterator[str]:
        """Play it, and yield what happens, a line or more at a time.

        Raises:
            SandboxError: where a step did not come to its end.
            GiteaError: where Gitea refuses one.

        """
        gitea = self.service.client()
        yield f"$ git clone {self.service.url}"
        self._clone()
        first = self._git("rev-parse", "HEAD")
        yield f"\nThe first commit, {first[:7]}, is applied to each stack in turn:"
        yield from self._followed(gitea, first)

        yield f"\n$ git switch --create {_BRANCH}"
        agents = self._edit()
        yield f"$ sed -i 's/agents: .*/agents: {agents}/' {_FILE}"
        self._git("commit", "--quiet", "--all", "--message", _TITLE)
        self._git("push", "--quiet", "--force", "origin", f"HEAD:{_BRANCH}")
        yield f"$ git commit --all --message '{_TITLE}'\n$ git push origin {_BRANCH}"
        request = gitea.propose(head=_BRANCH, base="main", title=_TITLE, body="")
        yield f"\nPull request #{request.number} is open: {request.url}\nIts report:\n"
        yield _indented(self._reported(gitea, request))

        merged = self._merged(gitea, request)
        yield f"\n#{request.number} is merged as {merged.merge_commit[:7]}:"
        yield from self._followed(gitea, merged.merge_commit)
        yield f"\nLook at it:\n  {request.url}\n  {self.service.url}/actions"
        yield "  kubectl --context dev-cluster get deployments --namespace ci-agents"

    def _clone(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._git("clone", "--quiet", self.service.url, ".")
        self._git("switch", "--quiet", "--create", _BRANCH)

    def _edit(self) -> int:
        """Ask for two more agents; return how many there are then."""
        file = self.folder / _FILE
        lines = file.read_text().splitlines()
        place = next(index for index, line in enumerate(lines) if line.startswith(_KEY))
        agents = int(lines[place].removeprefix(_KEY).strip('"')) + 2
        lines[place] = f'{_KEY}"{agents}"'
        file.write_text("\n".join([*lines, ""]))
        return agents

    def _reported(self, gitea: Gitea, request: PullRequest) -> str:
        commit = gitea.pull_request(request.number).head_commit

        def found() -> str:
            comments = (each.body for each in gitea.comments(request.number))
            return next((body for body in comments if commit[:7] in body), "")

        return self._awaited(found, f"the report on #{request.number}")

    def _merged(self, gitea: Gitea, request: PullRequest) -> PullRequest:
        """Merge it, once the statuses are there that the branch needs: they follow the report."""

        def merged() -> PullRequest | None:
            try:
                return gitea.merge(request.number)
            except GiteaError as error:
                if error.status != _NOT_YET:
                    raise
                return None

        return self._awaited(merged, f"what #{request.number} needs to be merged")

    def _followed(self, gitea: Gitea, commit: str) -> Iterator[str]:
        for stack in self.stacks:

            def ended(context: str = f"sluice/{stack}") -> str:
                found = {each.context: each for each in gitea.statuses(commit)}
                status = found.get(context)
                return f"  {status.description}" if status and status.state in _ENDED else ""

            yield self._awaited(ended, f"the status of {stack} at {commit[:7]}")

    def _awaited(self, look: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(self.pause.total_seconds())
        raise SandboxError(f"{what} did not come; {self.service.url}/actions has the jobs' logs")

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - the machine's own
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SandboxError(f"git {arguments[0]}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _environment(self) -> Mapping[str, str]:
        helper = f"store --file={self.service.credentials_file}"
        return {
            **os.environ,
            **_WHO,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": helper,
            "GIT_TERMINAL_PROMPT": "0",
        }


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
