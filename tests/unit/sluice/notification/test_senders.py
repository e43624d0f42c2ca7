from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import tenacity

from sluice.errors import AlertError
from sluice.notification import senders
from sluice.notification.event import Event
from sluice.notification.routing import Route
from sluice.notification.senders import send

EVENT = Event("dev", "deployment", "reconcile", "error", "failed", "timed out", "abc")


@dataclass
class Receiver:
    """What answers, and what it was sent."""

    answers: list[Any] = field(default_factory=list)
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, address: str, *, data: bytes, headers: dict[str, str], **_rest: Any) -> Any:
        self.sent.append((address, data, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(status_code=answer, ok=answer < 300, is_redirect=300 < answer < 400)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    found = Receiver()
    monkeypatch.setattr(senders.requests, "post", found.post)
    monkeypatch.setattr(tenacity.nap.time, "sleep", lambda _seconds: None)
    return found


def test_a_webhook_is_signed_over_the_very_bytes_that_are_sent(receiver: Receiver) -> None:
    send(Route("team", "generic", "https://example.com/hook", "key"), "infra", EVENT)
    ((address, body, headers),) = receiver.sent
    assert address == "https://example.com/hook"
    assert headers["X-Signature"] == f"sha256={hmac.new(b'key', body, hashlib.sha256).hexdigest()}"
    assert json.loads(body)["message"] == "timed out"


def test_without_a_key_nothing_is_signed(receiver: Receiver) -> None:
    send(Route("team", "generic", "https://example.com/hook"), "infra", EVENT)
    assert "X-Signature" not in receiver.sent[0][2]


def test_alertmanager_knows_what_has_recovered_by_the_same_labels(receiver: Receiver) -> None:
    route = Route("oncall", "alertmanager", "https://example.com/am/")
    send(route, "infra", EVENT)
    send(route, "infra", replace(EVENT, severity="info", result="recovered"))
    (fired,), (over,) = (json.loads(body) for _, body, _ in receiver.sent)
    assert receiver.sent[0][0] == "https://example.com/am/api/v2/alerts"
    assert fired["labels"] == over["labels"]
    assert fired["labels"]["alertname"] == "SluiceStackDeployment"
    assert fired["endsAt"] > fired["startsAt"]
    assert over["endsAt"] == EVENT.time.isoformat()


@pytest.mark.parametrize(
    "answer", [503, 429, requests.ConnectionError("https://example.com/T0KEN")]
)
def test_what_may_pass_is_tried_again(receiver: Receiver, answer: Any) -> None:
    receiver.answers = [answer, answer]
    send(Route("team", "generic", "https://example.com/T0KEN"), "infra", EVENT)
    assert len(receiver.sent) == 3


@pytest.mark.parametrize("answer", [404, 302])
def test_what_will_not_pass_is_not_tried_again(receiver: Receiver, answer: int) -> None:
    receiver.answers = [answer]
    with pytest.raises(AlertError, match=f"it answered {answer}"):
        send(Route("team", "generic", "https://example.com/T0KEN"), "infra", EVENT)
    assert len(receiver.sent) == 1


def test_an_error_never_holds_the_address(receiver: Receiver) -> None:
    receiver.answers = [requests.ConnectionError("https://example.com/T0KEN")] * 9
    with pytest.raises(AlertError) as raised:
        send(Route("team", "generic", "https://example.com/T0KEN"), "infra", EVENT)
    assert "T0KEN" not in str(raised.value)


SERVICES = {
    "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": "Slack",
    "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz0123": "Discord",
    "https://prod-15.uksouth.logic.azure.com:443/workflows/3XXX5/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sig=iXXXU": "Power Automate / Workflows (for MSTeams)",
    "matrixs://user:pass@matrix.example.com/#room": "Matrix",
    "mailtos://user:pass@smtp.example.com?from=a@example.com&to=b@example.com": "E-Mail",
}


@pytest.mark.parametrize("address", SERVICES)
def test_the_services_of_people_are_told_the_title_and_the_text(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    import apprise  # noqa: PLC0415 - as the sender does

    told: list[tuple[str, dict[str, Any]]] = []

    def notify(service: Any, **given: Any) -> bool:
        told.append((service.service_name, given))
        return True

    monkeypatch.setattr(apprise.NotifyBase, "notify", notify)
    send(Route("team", "apprise", address, summary="call Ada"), "infra", EVENT)
    ((service, given),) = told
    assert service == SERVICES[address]
    assert given["title"] == "dev: reconcile failed at abc"
    assert given["body"] == "timed out\ncall Ada"


def test_an_address_that_names_no_service_is_refused_without_being_shown() -> None:
    with pytest.raises(AlertError, match="no URL that Apprise knows"):
        send(Route("team", "apprise", "nonsense-T0KEN"), "infra", EVENT)
