"""A stack's alerts on the real thing: what its webhooks are sent, what is told and what is not."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.platform.members import NAMESPACE, application
from tests.integration.serving import Request, serving

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

ALERTS = """
    @member
    def hook(self):
        return Alert(
            "hook",
            AlertArgs(
                type="generic",
                address=SecretReference(config="alerts:hook"),
                hmac_key=SecretReference(env="HOOK_KEY"),
            ),
        )

    @member
    def oncall(self):
        return Alert(
            "oncall",
            AlertArgs(
                type="alertmanager",
                address=SecretReference(env="ALERTMANAGER"),
                event_severity="error",
            ),
        )

    @member
    def people(self):
        return Alert(
            "people", AlertArgs(type="apprise", address=SecretReference(env="PEOPLE"))
        )
"""


@dataclass
class Receiver:
    """A server that takes what it is sent."""

    address: str = ""
    status: int = 200
    sent: list[Request] = field(default_factory=list)

    def take(self, path: str) -> list[Any]:
        """What was sent to a path since the last time."""
        found = [json.loads(each.body) for each in self.sent if each.path == path]
        self.sent = [each for each in self.sent if each.path != path]
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    def take(request: Request) -> tuple[int, bytes]:
        made.sent.append(request)
        return made.status, b""

    with serving(take) as made.address:
        yield made


def test_what_happens_to_a_stack_is_told_to_its_alerts(
    program: Program, receiver: Receiver
) -> None:
    shop = program(NAMESPACE, application("web", 'config={"LEVEL": "info"}', tag="1.0.0"), ALERTS)
    shop.settings.update(
        HOOK_KEY="key",
        ALERTMANAGER=f"http://{receiver.address}/am",
        PEOPLE=f"json://{receiver.address}/people",
        SLUICE_METRICS=str(shop.root / ".sluice" / "textfile"),
    )
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.pulumi("stack", "init", shop.stack)
    hook = f"http://{receiver.address}/hook-T0KEN"
    shop.pulumi("config", "set", "--secret", "alerts:hook", hook)
    shop.commit("feat: the shop")
    told = shop.sluice("reconcile", shop.stack)
    _the_first_deployment_is_told(shop, receiver)
    told += _a_failure_is_told_once_and_its_recovery(shop, receiver)
    _drift_is_told_once_and_put_back(shop, receiver)
    told += _a_dead_receiver_fails_nothing(shop, receiver)
    state = shop.pulumi("stack", "export")
    assert "T0KEN" not in told + state


def _the_first_deployment_is_told(shop: Checkout, receiver: Receiver) -> None:
    (sent,) = [each for each in receiver.sent if each.path == "/hook-T0KEN"]
    signature = hmac.new(b"key", sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["X-Signature"] == f"sha256={signature}"
    (event,) = receiver.take("/hook-T0KEN")
    assert (event["severity"], event["reason"]) == ("info", "ReconcileChanged")
    assert event["involvedObject"]["name"] == shop.stack
    assert f"create Deployment {shop.stack}/web" in event["changes"]
    assert event["metadata"]["author"] == "Ada <ada@example.com>"
    (told,) = receiver.take("/people")
    assert "reconcile changed" in told["title"]
    assert receiver.take("/am/api/v2/alerts") == []
    file = shop.root / ".sluice" / "textfile" / f"sluice_infrastructure_{shop.stack}.prom"
    labels = f'project="infrastructure",result="changed",stack="{shop.stack}"'
    assert f"sluice_deployment_result{{{labels}}} 1.0" in file.read_text()
    assert "unchanged" in shop.sluice("reconcile", shop.stack)
    assert receiver.sent == []


def _a_failure_is_told_once_and_its_recovery(shop: Checkout, receiver: Receiver) -> str:
    file = f"stacks/{shop.stack}.py"
    shop.edit(file, '"LEVEL": "info"', '"LEVEL": undefined')
    shop.commit("fix: nothing")
    told = shop.sluice("reconcile", shop.stack, fails=True)
    told += shop.sluice("reconcile", shop.stack, fails=True)
    # The program cannot be read any more, so those are told whom it named before.
    events = receiver.take("/hook-T0KEN")
    assert len(events) == 1, [each["message"] for each in events]
    (event,) = events
    assert "undefined" in event["message"]
    ((fired,),) = receiver.take("/am/api/v2/alerts")
    shop.edit(file, '"LEVEL": undefined', '"LEVEL": "info"')
    shop.commit("fix: it")
    shop.sluice("reconcile", shop.stack)
    (event,) = receiver.take("/hook-T0KEN")
    assert event["message"].startswith("recovered: ")
    ((over,),) = receiver.take("/am/api/v2/alerts")
    assert over["labels"] == fired["labels"]
    assert over["endsAt"] < fired["endsAt"]
    assert len(receiver.take("/people")) == 2
    return told


def _drift_is_told_once_and_put_back(shop: Checkout, receiver: Receiver) -> None:
    patch = '--patch={"spec": {"replicas": 3}}'
    shop.kubectl("patch", "deployment", "web", "-n", shop.stack, "--type=merge", patch)
    for _ in range(2):
        shop.sluice("drift", shop.stack, "--report", fails=True)
    (event,) = receiver.take("/hook-T0KEN")
    assert event["reason"] == "DriftDrifted"
    assert "spec.replicas by kubectl-patch" in event["message"]
    shop.sluice("drift", shop.stack, "--correct")
    (event,) = receiver.take("/hook-T0KEN")
    assert event["message"].startswith("recovered: ")
    receiver.sent.clear()


def _a_dead_receiver_fails_nothing(shop: Checkout, receiver: Receiver) -> str:
    receiver.status = 404
    shop.edit(f"stacks/{shop.stack}.py", "web:1.0.0", "web:1.1.0")
    shop.commit("feat: 1.1.0")
    told = shop.sluice("reconcile", shop.stack)
    assert "alert hook was not sent: it answered 404" in told
    (event,) = receiver.take("/hook-T0KEN")
    assert "image registry.local/web 1.0.0 → 1.1.0" in event["changes"]
    return told
