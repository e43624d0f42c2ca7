"""A state in PostgreSQL, and two runners with a checkout and a machine's folder each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.platform.conftest import kill
from tests.integration.platform.members import kustomization
from tests.integration.postgres import postgres
from tests.integration.serving import Request, serving

if TYPE_CHECKING:
    from sluice.sandbox.sandbox import Sandbox
    from tests.integration.platform.conftest import Checkout, Program

COUNT = 10
NAMED_AS_THE_STACK = """
    @member
    def namespace(self):
        return Namespace(self.name)
"""
# No node has that label, so its update waits until it is killed.
STUCK = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: stuck}
    spec:
      selector: {matchLabels: {app: stuck}}
      template:
        metadata: {labels: {app: stuck}}
        spec:
          nodeSelector: {there: "no"}
          containers: [{name: stuck, image: "registry.local/stuck:1"}]
"""
CONFIG_MAP = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {{name: many-{number}}}
    data: {{colour: {colour}}}
    ---
"""


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def runners(
    program: Program, sandbox: Sandbox, database: str, tmp_path: Path
) -> Iterator[tuple[Checkout, Checkout]]:
    """Two checkouts of two stacks, pushed to one remote, with their state in one database."""
    origin = program(NAMED_AS_THE_STACK, kustomization("many"))
    other = f"{origin.stack}-2"
    stacks = origin.root / "stacks"
    (stacks / f"{other}.py").write_text((stacks / f"{origin.stack}.py").read_text())
    salt = yaml.safe_load((Path(__file__).parents[3] / "stacks/Pulumi.dev.yaml").read_text())
    for name in (origin.stack, other):
        content = {
            "config": {"infrastructure:context": "dev-cluster"},
            "encryptionsalt": salt["encryptionsalt"],
        }
        (stacks / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(content))
    paint(origin, "red")
    origin.git("init", "--quiet", "--initial-branch=main")
    origin.add_remote()
    origin.push()
    one, two = (_runner(origin, sandbox, database, tmp_path / name) for name in ("one", "two"))
    yield one, two
    origin.kubectl("delete", "namespace", other, "--ignore-not-found", "--wait=false")


def _runner(origin: Checkout, sandbox: Sandbox, database: str, root: Path) -> Checkout:
    origin.git("clone", "--quiet", str(origin.root.with_name("remote.git")), str(root))
    (root / ".venv").symlink_to(Path(sys.executable).parents[1])
    (root / ".sluice").mkdir()
    own = {
        "KUBECONFIG": str(sandbox.kubeconfig),
        "PULUMI_BACKEND_URL": database,
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_STACK": origin.stack,
    }
    return replace(origin, root=root, settings=own)


def paint(checkout: Checkout, colour: str) -> None:
    objects = [CONFIG_MAP.format(number=number, colour=colour) for number in range(COUNT)]
    checkout.write("manifests/many/many.yaml", "".join(objects))


def start(runner: Checkout, stack: str, **variables: str) -> subprocess.Popen[str]:
    told = replace(runner, settings=runner.settings | variables)
    return told.start("sluice", "reconcile", stack)


def ended(*running: subprocess.Popen[str]) -> list[str]:
    shown = ["".join(process.communicate(timeout=300)) for process in running]
    assert [process.returncode for process in running] == [0] * len(running), shown
    return shown


def colour(runner: Checkout, stack: str) -> Any:
    return runner.get("configmap", "many-0", stack)["data"]["colour"]


def test_two_runners_share_the_state_in_a_database(runners: tuple[Checkout, Checkout]) -> None:
    one, two = runners
    first, second = one.stack, f"{one.stack}-2"
    shown = ended(start(one, first), start(two, second))
    assert all("created" in each for each in shown)
    _the_same_stack_in_turn(one, two)
    _what_a_killed_run_held_is_taken_over(one, two)
    _what_one_did_the_other_knows(two)
    assert (colour(two, first), colour(two, second)) == ("green", "red")


def _the_same_stack_in_turn(one: Checkout, two: Checkout) -> None:
    paint(one, "blue")
    one.push()
    shown = ended(*(start(runner, one.stack) for runner in (one, two)))
    assert any(f"{COUNT} updated" in each for each in shown), shown
    assert colour(two, one.stack) == "blue"


def _what_one_did_the_other_knows(two: Checkout) -> None:
    history = json.loads(two.sluice("history", two.stack, "-o", "json"))
    assert [each["result"] for each in history] == ["succeeded"] * len(history)
    assert len(history) >= 2
    assert "kustomization/many" in two.sluice("get", "all", "--stack", two.stack)
    assert "no drift" in two.sluice("drift", two.stack)
    assert "Nothing to do" in two.sluice("preview", two.stack)
    checked = two.answer("check", "--stack", two.stack)
    told = [each["message"] for each in checked if each["about"] == two.stack]
    assert any("last deployment" in each for each in told), told


def _what_a_killed_run_held_is_taken_over(one: Checkout, two: Checkout) -> None:
    two.git("pull", "--quiet")
    two.write("manifests/many/stuck.yaml", STUCK)
    two.push()
    began = datetime.now(UTC) - timedelta(seconds=1)
    killed = start(one, one.stack, GITHUB_RUN_ID="7")
    while killed.poll() is None and not two.names("deployment"):
        time.sleep(0.1)
    kill(killed)
    refused = two.sluice("reconcile", two.stack, "--wait", "1s", fails=True)
    assert "currently locked" in refused
    (two.root / "manifests/many/stuck.yaml").unlink()
    paint(two, "green")
    two.push()
    with _gitea(began) as server:
        gitea = {
            "SLUICE_GITEA_URL": server,
            "GITHUB_REPOSITORY": "raibid/infrastructure",
            "GITEA_TOKEN": "token",
            "GITHUB_RUN_ID": "8",
        }
        (shown,) = ended(start(two, two.stack, **gitea))
    assert "the run that held it has ended; took its lock" in shown
    assert two.names("deployment") == []
    tags = json.loads(two.pulumi("stack", "tag", "ls", "--json"))
    assert "sluice:run:8.1" not in tags


@contextmanager
def _gitea(began: datetime) -> Iterator[str]:
    """A server that knows one thing of Gitea: run 7 has ended, and when."""
    run = {
        "id": 7,
        "status": "completed",
        "conclusion": "failure",
        "started_at": began.isoformat(),
        "completed_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat(),
    }

    def answer(request: Request) -> tuple[int, bytes]:
        if request.path.endswith("/actions/runs/7"):
            return 200, json.dumps(run).encode()
        return 404, b'{"message": "not found"}'

    with serving(answer) as address:
        yield f"http://{address}"
