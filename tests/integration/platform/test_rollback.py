"""Back to any earlier deployment: through Git or at once, with the cluster as it was then."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.platform.conftest import Checkout

BASE = """
    from components import *
    from components import Environment, member

    class Base(Environment):
        '''What both stacks run.'''

        replicas: int = 1

        @member
        def namespace(self):
            return Namespace("{prefix}-" + self.name)

        @member
        def app(self):
            return Application(
                "app",
                ApplicationArgs(
                    image="registry.local/app:{image}",
                    namespace=self.namespace,
                    replicas=self.replicas,
                    port=80,
                    config={config},
                    secrets={{"TOKEN": "{config[LEVEL]}"}},
                ),
            )
"""
MORE = """
        @member
        def rules(self):
            return Kustomization(
                "rules", KustomizationArgs(path="manifests", target_namespace=self.namespace)
            )

        @member
        def web(self):
            return HelmRelease(
                "web",
                HelmReleaseArgs(
                    chart="./charts/web",
                    namespace=self.namespace,
                    values={{"greeting": "{image}"}},
                ),
            )
"""
STACK = """
    from stacks.base import Base

    class Stack(Base):
        '''What this stack changes.'''

        replicas = {replicas}
"""
RULES = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data: {{level: "{level}"}}
"""
SUSPENDED = """\
  infrastructure:suspended:
    - reason: the database is being moved
      author: Grace <grace@example.com>
      since: '2026-11-23T21:00:00Z'
"""
GONE = """
    @member
    def gone(self):
        source = HelmRepository("gone", "https://charts.bitnami.com/bitnami")
        return HelmRelease(
            "gone",
            HelmReleaseArgs(
                chart="redis", repository=source, version="0.0.1", namespace=self.namespace
            ),
        )
"""
GONE_LOCK = f"""\
charts:
  gone:
    source: https://charts.bitnami.com/bitnami
    chart: redis
    range: 0.0.1
    version: 0.0.1
    digest: sha256:{"0" * 64}
    updated: "2026-11-23"
    reason: "was there then"
"""
# Made with another passphrase than the sandbox's.
OTHER_SALT = "v1:wA+dNnWxQ6c=:v1:aE/TRZdvF3ia56eu:JQhbSGSOTMZTz6qHjIG8RCVO0GhA1g=="
ROOT = Path(__file__).parents[3]
KINDS = "configmap,deployment,secret,service,serviceaccount,networkpolicy,resourcequota"
# What Kubernetes writes and counts itself, so that it differs by being written again.
COUNTED = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
REVISION = "deployment.kubernetes.io/revision"
TIMES = ("lastTransitionTime", "lastUpdateTime", "observedGeneration", "message")


class Team:
    """A repository of two stacks that share a base, with the remote that everybody pushes to."""

    def __init__(self, checkout: Checkout, prefix: str) -> None:
        self.checkout = checkout
        self.prefix = prefix
        self.stack = "prod"
        for stack in ("prod", "dev"):
            checkout.write(
                f"stacks/Pulumi.{stack}.yaml", "config:\n  infrastructure:context: dev-cluster\n"
            )
        self.write(1)
        checkout.git("init", "--quiet", "--initial-branch=main")
        checkout.add_remote()
        for key, value in (("name", "Ada"), ("email", "ada@example.com")):
            checkout.git("config", f"user.{key}", value)
        checkout.pulumi("stack", "init", "prod")
        checkout.push("feat: the platform")

    def write(self, image: int, *, more: bool = False, replicas: int = 1) -> None:
        """Write another state of the platform."""
        config = {"LEVEL": str(image), **({"MORE": "yes"} if more else {})}
        text = (BASE + (MORE if more else "")).format(
            prefix=self.prefix, image=image, config=config
        )
        self.checkout.write("stacks/base.py", text)
        for stack in ("prod", "dev"):
            self.checkout.write(f"stacks/{stack}.py", STACK.format(replicas=replicas))
        for number in range(image if more else 0):
            name = f"rule-{number}"
            self.checkout.write(f"manifests/{name}.yaml", RULES.format(name=name, level=image))

    def deploy(self, message: str) -> str:
        """Commit, push and deploy; return the commit."""
        commit = self.checkout.push(message)
        self.checkout.sluice("up", self.stack)
        return commit

    def merge(self, branch: str) -> None:
        """Merge a pushed branch, as Gitea would."""
        title = f"Merge pull request 'revert' (#12) from {branch} into main"
        self.checkout.git("fetch", "--quiet")
        self.checkout.git("pull", "--quiet", "--ff-only")
        self.checkout.git("merge", "--quiet", "--no-ff", "-m", title, f"origin/{branch}")
        self.checkout.git("push", "--quiet")

    def rollback(self, *arguments: str, fails: bool = False) -> str:
        """Run the verb."""
        return self.checkout.sluice("rollback", self.stack, "--yes", *arguments, fails=fails)

    def history(self) -> list[dict[str, Any]]:
        """The stack's deployments, as programs read them."""
        shown: list[dict[str, Any]] = json.loads(
            self.checkout.sluice("history", self.stack, "-o", "json")
        )
        return shown

    @property
    def branches(self) -> list[str]:
        """The remote's branches with their commits."""
        return self.checkout.git("ls-remote", "--heads", "origin").splitlines()

    @property
    def live(self) -> dict[str, Any]:
        """The cluster's objects by kind and name, without what it counts itself or hooks left."""
        shown = self.checkout.kubectl("get", KINDS, "-n", f"{self.prefix}-prod", "-o", "json")
        objects = [_lasting(item) for item in json.loads(shown)["items"]]
        return {
            f"{item['kind']}/{item['metadata']['name']}": item
            for item in objects
            if item.get("type") != "helm.sh/release.v1"
            and "helm.sh/hook" not in item["metadata"].get("annotations", {})
        }


def _lasting(item: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key not in COUNTED}
    metadata.get("annotations", {}).pop(REVISION, None)
    return {**item, "metadata": metadata, "status": _without_times(item.get("status"))}


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(part) for key, part in value.items() if key not in TIMES}
    return [_without_times(part) for part in value] if isinstance(value, list) else value


@pytest.fixture
def team(checkout: Checkout, request: pytest.FixtureRequest) -> Iterator[Team]:
    prefix = request.node.name.removeprefix("test_").replace("_", "-")[:30].strip("-")
    yield Team(checkout, prefix)
    checkout.kubectl("delete", "namespace", f"{prefix}-prod", "--ignore-not-found", "--wait=false")


def test_at_once_to_each_of_five_deployments(team: Team) -> None:
    states: tuple[Callable[[], None], ...] = (
        lambda: team.write(1),
        lambda: team.write(2, more=True),
        lambda: team.write(3, more=True, replicas=3),
        lambda: team.write(4),
        lambda: team.write(5, more=True, replicas=2),
    )
    then: dict[int, dict[str, Any]] = {}
    for number, write in enumerate(states, 1):
        write()
        team.deploy(f"feat: state {number}") if number > 1 else team.checkout.sluice("up", "prod")
        then[number] = team.live
    assert len({json.dumps(state, sort_keys=True) for state in then.values()}) == 5
    for number in (3, 1, 4, 2):
        shown = team.rollback("--now", "--to", str(number))
        assert f"prod back to deployment {number}" in shown
        assert team.live == then[number]
    assert "suspended" in team.checkout.git("show", "origin/main:stacks/Pulumi.prod.yaml")
    # Rolling the rollback back: Git declares deployment 5 all the time, so nothing stays suspended.
    assert "prod is resumed" in team.rollback("--now", "--to", "5")
    assert team.live == then[5]
    assert "suspended" not in team.checkout.git("show", "origin/main:stacks/Pulumi.prod.yaml")
    assert [row["cause"] for row in team.history()] == ["by hand"] * 5 + ["rollback"] * 5


def test_at_once_suspends_until_git_agrees(team: Team) -> None:
    team.checkout.sluice("up", "prod")
    before = team.live
    team.write(2)
    team.deploy("feat: another image")
    team.checkout.write("stacks/prod.py", "not even Python, and not committed")
    team.checkout.write("stacks/Pulumi.dev.yaml", "no: [YAML")
    assert "is suspended. Pushed branch rollback/prod-1" in team.rollback("--now")
    assert team.live == before
    team.checkout.git("checkout", "--quiet", ".")
    team.checkout.git("pull", "--quiet", "--ff-only")
    refused = team.checkout.sluice("up", "prod", fails=True)
    assert "rollback to deployment 1" in refused
    team.merge("rollback/prod-1")
    assert "Nothing to do" in team.checkout.sluice("up", "prod")
    assert team.live == before
    newest = team.history()[-1]
    assert (newest["cause"], newest["pull_request"]) == ("by hand", 12)


def test_a_revert_is_proposed_and_itself_reverted(team: Team) -> None:
    team.checkout.sluice("up", "prod")
    before = team.live
    team.write(2)
    team.deploy("feat: another image")
    shown = team.rollback()
    assert "dev: ConfigMap" in shown
    assert "Pushed branch rollback/prod-1; open a pull request from it to main" in shown
    assert team.live != before
    team.merge("rollback/prod-1")
    team.checkout.sluice("up", "prod")
    assert team.live == before
    assert "prod back to deployment 2" in team.rollback("--push")
    team.checkout.git("pull", "--quiet", "--ff-only")
    assert "app:2" in (team.checkout.root / "stacks" / "base.py").read_text()


def test_the_stack_s_own_files_are_restored_and_no_other_stack_changes(team: Team) -> None:
    team.checkout.sluice("up", "prod")
    team.write(2, replicas=2)
    team.deploy("feat: another image, and another replica")
    shown = team.rollback("--push", "--own-files")
    assert "Files that are restored:\n  stacks/prod.py\n" in shown
    assert "Other stacks" not in shown
    team.checkout.git("pull", "--quiet", "--ff-only")
    team.checkout.sluice("up", "prod")
    spec = team.live["Deployment/app"]["spec"]
    assert spec["replicas"] == 1
    assert spec["template"]["spec"]["containers"][0]["image"] == "registry.local/app:2"


def test_the_page_for_the_night_shows_what_is_typed(team: Team) -> None:
    team.checkout.sluice("up", "prod")
    before = team.live
    team.write(2, replicas=2)
    team.deploy("feat: another image, and another replica")
    page = (ROOT / "docs" / "rollback.md").read_text()
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    shown = _typed(team.checkout, script)
    assert shown.count("Go on? [y/N]") == script.count("sluice rollback")
    assert team.live == before
    branches = [line.partition("refs/heads/")[2] for line in team.branches]
    assert branches == ["main", *(f"rollback/prod-{name}" for name in ("1", "1-2", "2"))]
    assert "info prod Application/app" in shown.partition("rollback: to deployment 1")[2]


def _typed(checkout: Checkout, script: str) -> str:
    """Run a script at a terminal, and say yes to every question."""
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"y\n" * script.count("sluice rollback"))
    try:
        ended = subprocess.run(
            [shutil.which("bash") or "bash", "-e", "-c", script],
            cwd=checkout.root,
            env=checkout.environment,
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_what_cannot_be_gone_back_to_is_refused_and_nothing_changes(team: Team) -> None:
    team.checkout.sluice("up", "prod")
    first = team.checkout.git("rev-parse", "HEAD").strip()
    _pretend(team, first, {"git.dirty": "true"})
    _pretend(team, first, {}, result="failed")
    _pretend(team, "f00d" * 10, {})
    _pretend(team, _with_other_secrets(team), {})
    _pretend(team, _with_a_chart_that_is_gone(team), {})
    team.write(2)
    team.deploy("feat: another image")
    before, branches = team.live, team.branches
    for to, reason in {
        "9": "prod has no deployment 9; there are 1 to 7",
        "2": "deployment 2 of prod ran files that differed from its commit",
        "3": "deployment 3 of prod failed",
        "4": "commit f00df00df00d of deployment 4 is not in this repository; run `git fetch --all`",
        "5": "incorrect passphrase",
        "6": "has no version '0.0.1' of the chart 'redis'",
    }.items():
        assert reason in team.rollback("--now", "--to", to, fails=True)
    command = ("rollback", "prod", "--to", "1", "--now")
    assert "no terminal to ask on; say --yes" in team.checkout.sluice(*command, fails=True)
    with _updating(team):
        assert "an update of it is running" in team.rollback("--now", fails=True)
    assert (team.live, team.branches) == (before, branches)


def test_what_somebody_suspended_is_left_to_them(team: Team) -> None:
    team.checkout.sluice("up", "prod")
    team.write(2)
    team.deploy("feat: another image")
    context = "infrastructure:context: dev-cluster\n"
    team.checkout.edit("stacks/Pulumi.prod.yaml", context, context + SUSPENDED)
    team.checkout.push("chore: suspend by hand")
    before, branches = team.live, team.branches
    ended = team.checkout.ended("sluice", "rollback", "prod", "--now", "--yes")
    assert ended.returncode == 5
    assert "prod is suspended by Grace" in ended.stderr
    assert (team.live, team.branches) == (before, branches)
    assert "nothing is applied while prod is suspended by Grace" in team.rollback("--push")
    assert "Grace" in team.checkout.git("show", "origin/main:stacks/Pulumi.prod.yaml")


def _pretend(
    team: Team, commit: str, environment: dict[str, str], *, result: str = "succeeded"
) -> None:
    """Add a deployment to the backend's history, after the newest that is there."""
    newest = max((team.checkout.state / ".pulumi" / "history").rglob("*.history.json"))
    row = json.loads(newest.read_text())
    row["environment"] = {"git.head": commit, "git.dirty": "false", **environment}
    row["result"] = result
    later = int(newest.name.split(".")[0].rpartition("-")[2]) + 1
    newest.with_name(f"prod-{later}.history.json").write_text(json.dumps(row))


def _with_other_secrets(team: Team) -> str:
    """Commit a stack whose secrets another passphrase guards."""
    config = team.checkout.root / "stacks" / "Pulumi.prod.yaml"
    salt = config.read_text().partition("encryptionsalt: ")[2].strip()
    team.checkout.edit("stacks/Pulumi.prod.yaml", salt, OTHER_SALT)
    team.checkout.push("chore: another passphrase")
    commit = team.checkout.git("rev-parse", "HEAD").strip()
    team.checkout.edit("stacks/Pulumi.prod.yaml", OTHER_SALT, salt)
    return commit


def _with_a_chart_that_is_gone(team: Team) -> str:
    """Commit a release whose chart is neither in the cache nor at its source."""
    base = (team.checkout.root / "stacks" / "base.py").read_text()
    (team.checkout.root / "stacks" / "base.py").write_text(base + GONE)
    team.checkout.write("stacks/prod.lock.yaml", GONE_LOCK)
    team.checkout.push("feat: a chart")
    commit = team.checkout.git("rev-parse", "HEAD").strip()
    (team.checkout.root / "stacks" / "prod.lock.yaml").unlink()
    return commit


@contextmanager
def _updating(team: Team) -> Iterator[None]:
    """Hold Pulumi's lock on the stack, with a process of Pulumi's name."""
    program = team.checkout.root.with_name("pulumi")
    shutil.copy(shutil.which("sleep") or "", program)
    holder = subprocess.Popen([program, "600"])
    folder = team.checkout.state / ".pulumi" / "locks" / "organization" / "infrastructure" / "prod"
    lock = folder / "held.json"
    folder.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({"pid": holder.pid, "hostname": socket.gethostname()}))
    try:
        yield
    finally:
        lock.unlink()
        holder.kill()
        holder.wait()
