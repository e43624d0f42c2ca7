"""What is suspended stays as somebody left it, until it is adopted or resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.platform.members import NAMESPACE, application

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

SETTINGS = 'config={"MODE": "calm"}, secrets={"KEY": "hush"}'
BEFORE = (NAMESPACE, application("queue", f"replicas=2, {SETTINGS}"), application("web"))
AFTER = (NAMESPACE, application("queue", "replicas=2"), application("web", tag="2"))


@pytest.fixture
def shared(program: Program, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A deployed stack whose repository has a remote."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    checkout = program(*BEFORE)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.write(".git/info/exclude", "/.venv\n/components\n/charts\n")
    checkout.sluice("up")
    checkout.add_remote()
    checkout.push("feat: a stack")
    return checkout


def scale(checkout: Checkout, replicas: int) -> None:
    namespace = ("-n", checkout.stack)
    checkout.kubectl("scale", "deployment", "queue", f"--replicas={replicas}", *namespace)


def replicas(checkout: Checkout) -> int:
    count: int = checkout.get("deployment", "queue")["spec"]["replicas"]
    return count


def image(checkout: Checkout) -> str:
    return str(checkout.container("web")["image"])


def test_no_update_touches_a_suspended_component_and_resuming_drops_the_edit(
    shared: Checkout, program: Program
) -> None:
    stack = shared.stack
    scale(shared, 5)
    shared.sluice("suspend", stack, "queue", "--reason", "the queue is long")
    shared.git("pull", "--quiet")
    program(*AFTER)
    shared.push("feat: a newer web, and a queue without settings")

    assert "queue is suspended by Ada" in shared.pulumi("preview", "--stack", stack)
    refused = shared.pulumi("up", "--yes", "--stack", stack, fails=True)
    assert f"run `sluice up {stack}`, which leaves it out" in refused
    assert (replicas(shared), image(shared)) == (5, "registry.local/web:1")

    assert "queue is left out: suspended by Ada" in shared.sluice("up", stack)
    assert (replicas(shared), image(shared)) == (5, "registry.local/web:2")
    assert shared.get("configmap", "queue")["data"] == {"MODE": "calm"}

    shown = shared.sluice("resume", stack, "queue", "--yes")
    assert "spec.replicas" in shown
    assert "hush" not in shown
    assert replicas(shared) == 2
    assert shared.names("configmap,secret") == []
    shared.git("pull", "--quiet")
    assert "Nothing to do" in shared.sluice("up", stack)


def test_an_emergency_fix_is_adopted_and_stays(shared: Checkout) -> None:
    stack = shared.stack
    shared.sluice("suspend", stack, "queue", "--reason", "the queue is long")
    shared.git("pull", "--quiet")
    scale(shared, 5)
    namespace = ("-n", stack)
    shared.kubectl("set", "image", "deployment/queue", "queue=registry.local/queue:2", *namespace)
    edit = ("--type=merge", "--patch", '{"data": {"MODE": "brisk"}}')
    shared.kubectl("patch", "configmap", "queue", *edit, *namespace)
    edit = ("--type=merge", "--patch", '{"stringData": {"KEY": "whisper"}}')
    shared.kubectl("patch", "secret", "queue", *edit, *namespace)

    # It is refused, but the state has what is live since.
    shared.pulumi("up", "--yes", "--skip-preview", "--refresh", "--stack", stack, fails=True)

    shown = shared.sluice("adopt", stack, "queue")
    assert (
        '+        Patch(kind="ConfigMap", name="queue", merge={"data": {"MODE": "brisk"}}),'
        in shown
    )
    assert "a secret value of Secret" in shown
    assert "whisper" not in shown
    assert "hush" not in shown
    assert "has changes that are not committed" in shared.sluice(
        "adopt", stack, "queue", fails=True
    )
    shared.push("fix: what the night has taught")

    shown = shared.sluice("resume", stack, "queue", "--yes")
    live = shared.get("deployment", "queue")
    assert live["spec"]["replicas"] == 5
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.local/queue:2"
    assert shared.get("configmap", "queue")["data"] == {"MODE": "brisk"}
    assert shared.get("secret", "queue")["data"] == {"KEY": "aHVzaA=="}
    shared.git("pull", "--quiet")
    assert "queue is as it is declared" in shared.sluice("adopt", stack, "queue", fails=True)


def test_a_suspended_stack_is_deployed_by_nobody(shared: Checkout) -> None:
    stack = shared.stack
    shared.sluice("suspend", stack, "--reason", "it moves")
    shared.git("pull", "--quiet")
    scale(shared, 5)
    ended = shared.ended("sluice", "up", stack)
    assert ended.returncode == 5
    assert f"stack {stack} is suspended by Ada <ada@example.com> since" in ended.stderr
    assert "resume" in shared.pulumi("up", "--yes", "--skip-preview", "--stack", stack, fails=True)
    assert "Warning" in shared.pulumi("preview", "--stack", stack).title()
    assert replicas(shared) == 5


def test_deleting_says_which_objects_go_and_which_hold_data(shared: Checkout) -> None:
    stack = shared.stack
    assert "uses 'namespace'" in shared.sluice("delete", stack, "--stack", stack, fails=True)
    shown = shared.sluice("delete", "queue", "--stack", stack, "--yes")
    assert f"Deployment {stack}/queue" in shown
    assert f"Secret {stack}/queue" in shown
    assert shared.sluice("up", stack)
    assert shared.names("deployment") == ["deployment.apps/web"]
    shared.sluice("delete", "web", "--stack", stack, "--yes")
    lines = shared.sluice("delete", stack, "--stack", stack, "--yes").splitlines()
    assert any(line.split() == [stack, "Namespace", stack, "yes"] for line in lines)


def test_an_update_that_runs_is_waited_for(shared: Checkout, program: Program) -> None:
    program(NAMESPACE, application("web", 'requests={"cpu": "9999"}, timeout="20s"', tag="2"))
    update = shared.start("sluice", "up", shared.stack)
    while image(shared) != "registry.local/web:2":
        assert update.poll() is None
    suspend = ("sluice", "suspend", "--reason", "it moves", shared.stack)
    impatient = shared.ended(*suspend, "queue", "--wait", "0s")
    assert impatient.returncode == 4
    assert f"{shared.stack}: held by up of " in impatient.stderr
    assert "It is suspended, from the next update on" in impatient.stderr
    patient = shared.ended(*suspend, "web")
    assert f"{shared.stack}: waiting for up of " in patient.stderr
    assert f"{shared.stack}: the update that was running has ended" in patient.stdout
    assert update.poll() is not None
    update.communicate()
