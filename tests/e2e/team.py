"""A team's platform on a real Gitea with its real runner, and three real clusters.

The repository is this one, with small stacks in place of the platform's, so
that a run takes seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sluice.sandbox.sandbox import DEFAULT_CLUSTERS
from tests.gitea_sandbox import Clone, GiteaSandbox, eventually, fill

if TYPE_CHECKING:
    from sluice.gitea.records import PullRequest, Run, Status

REPOSITORY = Path(__file__).parents[2]
STACKS = ("dev", "staging", "prod")
FINAL = ("success", "failure", "error", "warning")
CODE = (
    ".gitea",
    ".gitignore",
    "Makefile",
    "Pulumi.yaml",
    "__main__.py",
    "components",
    "pyproject.toml",
    "sluice",
    "toolchain",
)
ALLOWED = "Allow-Data-Loss: dev staging prod"
CHECKS = ("sluice/data-loss",)
SECONDS = 300.0
# The first job installs the packages, where they are not in the cache.
FIRST_SECONDS = 900.0


@dataclass(frozen=True)
class Team:
    """People who work on the platform through Gitea.

    Attributes:
        sandbox: Gitea and its runner.
        clone: somebody's clone of the repository.
        programs: the folder of the external programs.

    """

    sandbox: GiteaSandbox
    clone: Clone
    programs: Path

    def kubectl(self, cluster: str, *arguments: str, fails: bool = False) -> str:
        """What `kubectl` prints on a cluster."""
        done = subprocess.run(
            [self.programs / "kubectl", f"--context={cluster}", *arguments],
            env={**os.environ, "KUBECONFIG": str(self.sandbox.box.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout.strip()

    def live(self, cluster: str, kind: str, name: str, namespace: str = "") -> Any:
        """The live object; None where there is none."""
        where = ("--namespace", namespace) if namespace else ()
        found = self.kubectl(cluster, "get", kind, name, *where, "--ignore-not-found", "-o", "json")
        return json.loads(found) if found else None

    def having(self, kind: str, name: str, namespace: str = "") -> list[str]:
        """The stacks whose clusters have the object."""
        return [stack for stack in STACKS if self.live(f"{stack}-cluster", kind, name, namespace)]

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the clone."""
        file = self.clone.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def add_namespace(self, name: str) -> None:
        """Write a manifest of a namespace."""
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.clone.write(f"infra/manifests/{name}.yaml", yaml.safe_dump(manifest))

    def scale(self, stack: str, old: int, new: int) -> None:
        """Change how many agents a stack has."""
        self.replace(f"stacks/Pulumi.{stack}.yaml", f'agents: "{old}"', f'agents: "{new}"')

    def replicas(self, stack: str) -> int:
        """How many agents are live in a stack."""
        live = self.live(f"{stack}-cluster", "deployment", "my-app", "apps")
        return int(live["spec"]["replicas"])

    def head(self, request: PullRequest) -> str:
        """A pull request's newest commit."""
        return self.sandbox.admin.pull_request(request.number).head_commit

    def run_by_hand(
        self, workflow: str, inputs: Mapping[str, str], conclusion: str = "success"
    ) -> Run:
        """Start a workflow on main, and wait until it has ended as it should."""
        started = self.sandbox.admin.dispatch(workflow, "main", inputs)

        def ended() -> Run | None:
            found = self.sandbox.admin.run(started.id)
            return found if found.finished else None

        run = eventually(ended, f"the end of {workflow}", SECONDS)
        assert run.conclusion == conclusion, self.sandbox.log(run)
        return run

    def begin(self) -> None:
        """Wait until the first commit is on every cluster."""
        first = self.clone.git("rev-parse", "HEAD")
        run = self.sandbox.finished_run("reconcile.yaml", first, FIRST_SECONDS)
        assert run.conclusion == "success", f"{run}\n{self.sandbox.log(run)}"

    def settle(self) -> None:
        """Wait until main is reconciled; where a test has failed, main is first put back."""
        self.start()
        run = self.ended("reconcile.yaml", self.clone.git("rev-parse", "HEAD"))
        if run.conclusion != "success":
            good = self.sandbox.admin.runs("reconcile.yaml", status="success", limit=1)
            self.clone.git("read-tree", "-u", "--reset", good[0].commit)
            commit = self.push(f"revert: what could not be reconciled\n\n{ALLOWED}")
            run = self.ended("reconcile.yaml", commit)
            assert run.conclusion == "success", self.sandbox.log(run)

    def start(self) -> None:
        """Make the clone what main is."""
        self.clone.git("fetch", "--quiet", "origin", "main")
        self.clone.git("reset", "--quiet", "--hard", "origin/main")
        self.clone.git("clean", "--quiet", "--force", "-d")

    def propose(self, branch: str, title: str, edit: Callable[[], None]) -> PullRequest:
        """Open a pull request of what `edit` does to main."""
        self.start()
        edit()
        self.clone.push(branch, title)
        return self.sandbox.admin.propose(head=branch, base="main", title=title, body="")

    def report(self, request: PullRequest) -> str:
        """The pull request's one comment on its newest commit."""
        commit = self.head(request)

        def told() -> str | None:
            comments = [each.body for each in self.sandbox.admin.comments(request.number)]
            reports = [body for body in comments if body.startswith("<!-- sluice:preview -->")]
            assert len(reports) <= 1
            return next((body for body in reports if commit[:7] in body), None)

        return eventually(told, f"a report on #{request.number}", SECONDS)

    def statuses(self, commit: str, stacks: Collection[str] = STACKS) -> dict[str, Status]:
        """The commit's final statuses by stack, once each of the stacks has one."""

        def final() -> dict[str, Status] | None:
            found = {
                each.context.removeprefix("sluice/"): each
                for each in self.sandbox.admin.statuses(commit)
                if each.context.startswith("sluice/") and each.state in FINAL
            }
            return found if set(stacks) <= set(found) else None

        def instead() -> str:
            runs = self.sandbox.admin.runs(commit=commit)
            logs = (self.sandbox.log(run) for run in runs if run.finished)
            return "\n".join((*map(str, runs), *logs))

        what = f"statuses of {', '.join(stacks)} on {commit[:7]}"
        return eventually(final, what, SECONDS, instead)

    def merge(self, request: PullRequest) -> str:
        """Merge a pull request, once Gitea knows that it can be; return main's newest commit."""
        return self.sandbox.merge(request).merge_commit

    def deliver(self, branch: str, title: str, edit: Callable[[], None]) -> str:
        """Propose, merge, and wait until every stack is told of; return main's newest commit."""
        request = self.propose(branch, title, edit)
        self.report(request)
        commit = self.merge(request)
        self.statuses(commit)
        return commit

    def push(self, message: str) -> str:
        """Push what the clone has to main, as the bot, who alone may; return the commit."""
        token = self.sandbox.service.bot_token_file.read_text()
        header = {"GIT_CONFIG_KEY_0": "http.extraHeader"}
        header["GIT_CONFIG_VALUE_0"] = f"Authorization: token {token}"
        as_bot = replace(self.clone, environment={**self.clone.environment, **header})
        return as_bot.push("main", message)

    def restart(self) -> None:
        """Start again what does not run of Gitea and its runner."""
        box = self.sandbox.box
        fill(box, self.programs, box.folder.parents[1], DEFAULT_CLUSTERS, CHECKS)

    def ended(self, workflow: str, commit: str = "") -> Run:
        """The newest run of a workflow, once it has ended."""
        return self.sandbox.finished_run(workflow, commit, SECONDS)


def lay_out(checkout: Path) -> Path:
    """Write the team's repository into a new folder."""
    for name in CODE:
        copy: Callable[..., Any] = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy2
        copy(REPOSITORY / name, checkout / name)
    # What it does is what `make check` does here.
    (checkout / ".gitea" / "workflows" / "check.yaml").unlink()
    shutil.copytree(Path(__file__).parent / "platform", checkout, dirs_exist_ok=True)
    shutil.copy2(REPOSITORY / "stacks" / "__init__.py", checkout / "stacks")
    for stack in STACKS:
        _lock(checkout, stack)
    return checkout


def _lock(checkout: Path, stack: str) -> None:
    """Lock what the small stacks have of the platform's charts."""
    name = f"stacks/{stack}.lock.yaml"
    locked = yaml.safe_load((REPOSITORY / name).read_text())
    charts = {"redis": locked["charts"]["redis"]}
    (checkout / name).write_text(yaml.safe_dump({"charts": charts}, sort_keys=False))
