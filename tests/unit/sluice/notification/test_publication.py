from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import git
import pytest

from components.errors import DeclarationError
from sluice.errors import AlertError, GiteaError
from sluice.notification import publication, senders
from sluice.notification import references as declared
from sluice.notification.event import Event
from sluice.notification.memory import Memory
from sluice.notification.publication import publish
from sluice.notification.routing import Route
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

FAILED = Event("dev", "deployment", "reconcile", "error", "failed", "redis timed out")
UNCHANGED = Event("dev", "deployment", "reconcile", "info", "unchanged", "as declared")
ALERT = {
    "name": "team",
    "type": "generic",
    "address": "https://example.com/hook",
    "hmac_key": None,
    "event_severity": "info",
    "event_sources": [],
    "inclusion_list": [],
    "exclusion_list": [],
    "summary": "",
}


@dataclass
class World:
    """A repository, what its stack declares, and what was sent."""

    repository: Repository
    alerts: list[dict[str, Any]] = field(default_factory=lambda: [ALERT])
    problem: Exception | None = None
    refused: Exception | None = None
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    read: int = 0

    def declared(self, _stack: Stack) -> list[dict[str, Any]]:
        self.read += 1
        if self.problem:
            raise self.problem
        return self.alerts

    def send(self, route: Route, _project: str, event: Event) -> None:
        if self.refused:
            raise self.refused
        self.sent.append((route.name, route.address, event.result))

    @property
    def results(self) -> list[str]:
        return [result for _, _, result in self.sent]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: infrastructure\n")
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text("config: {alerts:plain: https://x/y}\n")
    made = World(Repository(tmp_path))
    monkeypatch.setattr(declared, "declared_alerts", made.declared)
    monkeypatch.setattr(senders, "send", made.send)
    for name in ("GITEA_TOKEN", "GITEA_TOKEN_FILE", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    return made


def test_what_stays_broken_is_told_once_and_its_recovery_too(world: World) -> None:
    for event in (UNCHANGED, FAILED, FAILED, UNCHANGED, UNCHANGED):
        publish(world.repository, event)
    assert world.results == ["failed", "recovered"]


def test_where_nothing_happened_the_program_is_not_even_read(world: World) -> None:
    publish(world.repository, UNCHANGED)
    assert world.read == 0


def test_who_heard_of_the_failure_hears_of_the_recovery_whatever_is_filtered(world: World) -> None:
    world.alerts = [{**ALERT, "event_severity": "error", "inclusion_list": ["timed out"]}]
    for event in (FAILED, UNCHANGED):
        publish(world.repository, event)
    assert world.results == ["failed", "recovered"]


def test_what_recovers_of_one_subject_leaves_the_other_broken(world: World) -> None:
    for event in (FAILED, UNCHANGED, FAILED):
        for subject in ("apps", "tools") if event is FAILED else ("apps",):
            publish(world.repository, replace(event, topic="image", subject=subject))
    assert world.results == ["failed", "failed", "recovered", "failed"]


def test_an_alert_that_fails_is_warned_of_and_is_told_the_next_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.refused = AlertError("it answered 404")
    publish(world.repository, FAILED)
    assert caplog.messages == ["dev: alert team was not sent: it answered 404"]
    world.refused = None
    publish(world.repository, FAILED)
    assert world.results == ["failed"]


def test_whatever_goes_wrong_nothing_is_raised(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.problem = OSError("no space left")
    publish(world.repository, FAILED)
    assert caplog.messages == ["dev: nobody could be told: no space left"]


def test_a_program_that_cannot_be_read_is_told_to_whom_it_named_before(world: World) -> None:
    publish(world.repository, replace(UNCHANGED, result="changed"))
    world.problem = DeclarationError("stacks/dev.py:3: no such chart")
    publish(world.repository, replace(FAILED, result="refused"))
    assert world.results == ["changed", "refused"]


def test_an_address_comes_from_the_environment_or_the_configuration(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOOK", "https://secret/T0KEN\n")
    world.alerts = [
        {**ALERT, "name": name, "address": reference}
        for name, reference in {
            "env": {"env": "HOOK", "config": ""},
            "config": {"env": "", "config": "alerts:plain"},
            "unset": {"env": "NOT_SET", "config": ""},
            "unknown": {"env": "", "config": "alerts:none"},
        }.items()
    ]
    publish(world.repository, FAILED)
    assert [(name, address) for name, address, _ in world.sent] == [
        ("env", "https://secret/T0KEN"),
        ("config", "https://x/y"),
    ]
    told = " ".join(caplog.messages)
    assert "alert unset was not sent: $NOT_SET is not set" in told
    assert "alerts:none is not in stacks/Pulumi.dev.yaml; run `pulumi config set --secret" in told
    assert "T0KEN" not in told


class FakeGitea:
    url = "https://git.example.com/raibid/infra"

    def __init__(self, problem: Exception | None = None) -> None:
        self.statuses: list[tuple[str, ...]] = []
        self._problem = problem

    def set_status(self, *status: str) -> None:
        if self._problem:
            raise self._problem
        self.statuses.append(status)


@pytest.mark.parametrize(
    ("event", "context", "state"),
    [
        (FAILED, "sluice/dev", "failure"),
        (UNCHANGED, "sluice/dev", "success"),
        (replace(FAILED, result="rolled back"), "sluice/dev", "warning"),
        (replace(FAILED, topic="drift", result="drifted"), "sluice/dev/drift", "warning"),
        (
            replace(UNCHANGED, topic="suspension", result="suspended"),
            "sluice/dev/suspension",
            "warning",
        ),
        (replace(FAILED, topic="image", subject="apps"), "sluice/dev/image/apps", "failure"),
    ],
)
def test_each_commit_has_a_status_of_each_topic(
    world: World, monkeypatch: pytest.MonkeyPatch, event: Event, context: str, state: str
) -> None:
    gitea = FakeGitea()
    monkeypatch.setattr(publication, "_gitea", lambda _repository: gitea)
    publish(world.repository, replace(event, commit="abc"))
    title = replace(event, commit="abc").title
    page = "https://git.example.com/raibid/infra/commit/abc"
    assert gitea.statuses == [("abc", context, state, title, page)]


def test_a_gitea_that_does_not_answer_keeps_no_alert_from_being_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    gitea = FakeGitea(GiteaError("https://git.example.com: 502"))
    monkeypatch.setattr(publication, "_gitea", lambda _repository: gitea)
    publish(world.repository, replace(FAILED, commit="abc"))
    assert world.results == ["failed"]
    assert "its commit status could not be set" in caplog.messages[0]


def test_what_waited_is_settled_by_the_first_later_commit_that_is_all_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gitea = FakeGitea()
    monkeypatch.setattr(publication, "_gitea", lambda _repository: gitea)
    gone = "0" * 40
    with git.Repo.init(world.repository.root) as repo:
        first, second, third = (repo.index.commit(each).hexsha for each in "123")
    waiting = replace(FAILED, result="waiting", severity="info", message="dev waits for Ada")
    part, whole = replace(UNCHANGED, result="changed"), replace(UNCHANGED, whole=True)
    locked = replace(FAILED, result="locked")
    for event, commit in (
        (waiting, gone),
        (waiting, first),
        (waiting, second),
        (part, third),
        (locked, third),
        (whole, first),
        (whole, third),
        (whole, third),
    ):
        publish(world.repository, replace(event, commit=commit))
    settled = [
        (commit, sentence)
        for commit, _, state, sentence, _ in gitea.statuses
        if state == "success" and not sentence.endswith(commit[:7])
    ]
    assert Memory(Stack(world.repository, "dev")).waiting == []
    assert settled == [(second, f"dev: reconcile unchanged at {third[:7]}")]
