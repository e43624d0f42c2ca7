"""A checkout of a platform's repository, and the commands that a user runs in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import yaml

from sluice.stack.repository import Repository
from sluice.stack.tool_environment import tool_environment

if TYPE_CHECKING:
    from sluice.sandbox.sandbox import Sandbox

REPOSITORY = Path(__file__).parents[3]
CRDS = REPOSITORY / "tests" / "data" / "crds"
SECONDS = 120


@dataclass(frozen=True)
class Checkout:
    """A repository bound to the sandbox's clusters, with a state of its own.

    Attributes:
        root: its root.
        programs: the folder of the external programs.
        settings: environment variables over the usual ones.

    """

    root: Path
    programs: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What `sluice env` prints here, over the machine's."""
        usual = {**os.environ, **tool_environment(Repository(self.root))}
        path = f"{usual['PATH']}{os.pathsep}{self.programs}"
        helm = {f"HELM_{part}_HOME": str(self.root / ".sluice" / "helm") for part in _HELM}
        return {**usual, "PATH": path, **helm, **self.settings}

    def run(self, *command: str, fails: bool = False) -> str:
        """Return what a command prints; its exit code has to be zero, or not zero if it `fails`."""
        ended = self.ended(*command)
        assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def ended(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command here."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def start(self, *command: str, output: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start a command here, and do not wait for it."""
        environment = self.environment
        return subprocess.Popen(
            command, cwd=self.root, env=environment, stdout=output, stderr=output, text=True
        )

    def sluice(self, *arguments: str, fails: bool = False) -> str:
        """Run this checkout's `sluice`."""
        return self.run("sluice", *arguments, fails=fails)

    def answer(self, *arguments: str, code: int = 0) -> Any:
        """What `sluice` prints as JSON, whatever it tells people; it ends with `code`."""
        ended = self.ended("sluice", *arguments, "-o", "json")
        assert ended.returncode == code, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Run plain `pulumi`."""
        return self.run("pulumi", "--non-interactive", *arguments, fails=fails)

    def kubectl(self, *arguments: str, context: str = "dev-cluster", fails: bool = False) -> str:
        """Run `kubectl` on a cluster."""
        return self.run("kubectl", f"--context={context}", *arguments, fails=fails)

    def helm(self, *arguments: str, context: str = "dev-cluster") -> str:
        """Run `helm` on a cluster."""
        return self.run("helm", f"--kube-context={context}", *arguments)

    def releases(self, context: str = "dev-cluster") -> dict[str, str]:
        """The Helm releases of the stack's namespace, each with its status."""
        form = ("--all", "-n", self.stack, "-o", "json")
        listed = json.loads(self.helm("list", *form, context=context))
        return {release["name"]: release["status"] for release in listed}

    def get(self, kind: str, name: str, namespace: str = "", context: str = "dev-cluster") -> Any:
        """The live object, of the stack's namespace where no other is given."""
        form = ("-n", namespace or self.stack, "-o", "json", "--show-managed-fields")
        return json.loads(self.kubectl("get", kind, name, *form, context=context))

    def container(self, deployment: str, context: str = "dev-cluster") -> Any:
        """The first container of a live Deployment's pods."""
        spec = self.get("deployment", deployment, context=context)["spec"]["template"]["spec"]
        return spec["containers"][0]

    def names(self, kinds: str, namespace: str = "") -> list[str]:
        """The live objects of these kinds, without those that Kubernetes makes itself."""
        shown = self.kubectl("get", kinds, "-n", namespace or self.stack, "-o", "name")
        usual = ("configmap/kube-root-ca.crt", "serviceaccount/default")
        return [line for line in shown.split() if line not in usual]

    def write(self, path: str, text: str) -> None:
        """Write a file of the repository."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in a file."""
        text = (self.root / path).read_text()
        assert old in text
        (self.root / path).write_text(text.replace(old, new))

    def configure(self, **settings: object) -> None:
        """Set these in the stack's file, as `pulumi config set` does."""
        file = self.root / "stacks" / f"Pulumi.{self.stack}.yaml"
        content = yaml.safe_load(file.read_text())
        content["config"].update({f"infrastructure:{key}": settings[key] for key in settings})
        file.write_text(yaml.safe_dump(content))

    def git(self, *arguments: str) -> str:
        """Run `git`."""
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        return self.run("git", *who, *arguments)

    def commit(self, message: str = "change") -> str:
        """Commit everything; return the commit as the table shows it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")[:7]

    def add_remote(self) -> None:
        """Give its repository the remote `origin`, which is `remote.git` beside it."""
        remote = str(self.root.with_name("remote.git"))
        self.git("init", "--quiet", "--bare", "--initial-branch=main", remote)
        self.git("remote", "add", "origin", remote)

    def push(self, message: str = "change") -> str:
        """Commit and push everything; return the commit as the table shows it."""
        commit = self.commit(message)
        self.git("push", "--quiet", "--set-upstream", "origin", "main")
        return commit

    @property
    def stack(self) -> str:
        """The stack of a `program`, which is its namespace too."""
        return self.settings["PULUMI_STACK"]

    @property
    def state(self) -> Path:
        """The folder of Pulumi's state, history, backups and locks."""
        return self.root / ".sluice" / "pulumi"


_HELM = ("CACHE", "CONFIG", "DATA")
Program = Callable[..., Checkout]


def kill(command: subprocess.Popen[str]) -> None:
    """Kill a command and all that it has started with SIGKILL, all in one moment."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(command.pid)
        for stop in (psutil.Process.suspend, psutil.Process.kill):
            for each in (process, *process.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    stop(each)
    command.communicate()


@pytest.fixture
def checkout(sandbox: Sandbox, programs: Path, tmp_path: Path) -> Checkout:
    """A checkout with no stack: the components, and the chart `web` to try releases with."""
    root = tmp_path / "checkout"
    bind(root, sandbox)
    for part in ("__main__.py", "Pulumi.yaml", ".gitignore"):
        shutil.copy2(REPOSITORY / part, root)
    (root / "components").symlink_to(REPOSITORY / "components")
    (root / "charts").symlink_to(Path(__file__).with_name("charts"))
    (root / "stacks").mkdir()
    shutil.copy2(REPOSITORY / "stacks" / "__init__.py", root / "stacks")
    return Checkout(root, programs)


@pytest.fixture
def definitions(checkout: Checkout) -> Path:
    """Definitions of other controllers' kinds, which no cluster has.

    Helm leaves a chart's behind, so KEDA's are there after the platform's stacks.
    """
    for cluster in ("dev-cluster", "staging-cluster"):
        checkout.kubectl("delete", "--ignore-not-found", "-f", str(CRDS), context=cluster)
    return CRDS


@pytest.fixture
def program(checkout: Checkout, request: pytest.FixtureRequest) -> Iterator[Program]:
    """Write one stack of the members that a test gives, on dev-cluster; its namespace is removed.

    `members.py` has those that many tests declare. The stack and `NAMESPACE` in
    the members are named after the test; with `beside`, it is another stack of that name
    and this end.
    """
    name = _short(request.node.name)
    checkout.settings["PULUMI_STACK"] = name

    def declare(
        *members: str, context: str = "dev-cluster", lock: str = "", beside: str = ""
    ) -> Checkout:
        stack = f"{name}{beside}"
        body = textwrap.indent("".join(map(textwrap.dedent, members)), "    ")
        checkout.write(f"stacks/{stack}.py", f"{_HEAD}NAMESPACE = {name!r}\n\n{_CLASS}{body}")
        config = checkout.root / "stacks" / f"Pulumi.{stack}.yaml"
        if not config.exists():
            content = {"config": {"infrastructure:context": context}}
            config.write_text(yaml.safe_dump(content))
        if lock:
            checkout.write(f"stacks/{stack}.lock.yaml", lock)
        return checkout

    yield declare
    checkout.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


_HEAD = "import pulumi\nfrom components import *\nfrom components import Environment, member\n"
_CLASS = "\nclass Case(Environment):\n    '''What the test needs.'''\n\n"


def _short(test: str) -> str:
    name, _, case = test.removeprefix("test_").partition("[")
    short = name.replace("_", "-")[:36].strip("-")
    return f"{short}-{zlib.crc32(case.encode()) % 1000}" if case else short


def bind(root: Path, sandbox: Sandbox) -> None:
    """Give a checkout the sandbox, its mirrors and this environment."""
    local = root / ".sluice"
    local.mkdir(parents=True)
    (local / "sandbox").symlink_to(sandbox.folder)
    shutil.copy2(sandbox.mirrors_file, local)
    (root / ".venv").symlink_to(Path(sys.executable).parents[1])
