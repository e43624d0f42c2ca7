from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from sluice.commands.logs import logs as logs_command
from sluice.diff.change import Change
from sluice.engine.outcome import Outcome
from sluice.errors import DeploymentError
from sluice.notification import run_log as logs_module
from sluice.notification.run_log import Line, Tail, Wanted, append, follow, log_file, logs
from sluice.notification.update_log import logged
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.stack.repository import Repository
    from tests.unit.sluice.conftest import MakeRepository

NINE = datetime(2026, 11, 23, 21, tzinfo=UTC)
URN = "urn:pulumi:dev::p::sluice:environment:Environment$sluice:apps:Application${}::web:shop/web"


def line(minute: int, stack: str = "dev", **fields: Any) -> Line:
    entry = {"level": "info", "commit": "c0ffee1234", "kind": "Application", "name": "web"}
    moment = NINE + timedelta(minutes=minute)
    return Line(time=moment, stack=stack, message=f"at {minute}", **{**entry, **fields})


@pytest.fixture
def platform(repository: MakeRepository) -> Repository:
    return repository(dev="", prod="dev")


def written(platform: Repository, *lines: Line) -> None:
    for each in lines:
        append(Stack(platform, each.stack), each)


def tails(platform: Repository, stacks: list[str]) -> list[Tail]:
    return [Tail(Stack(platform, stack)) for stack in stacks]


def messages(lines: list[Line]) -> list[str]:
    return [each.message for each in lines]


def test_the_stacks_are_merged_by_time(platform: Repository) -> None:
    written(platform, line(1), line(3), line(2, "prod"), line(4, "prod"))
    assert messages(logs(tails(platform, ["dev", "prod"]), Wanted())) == [
        "at 1",
        "at 2",
        "at 3",
        "at 4",
    ]
    assert messages(logs(tails(platform, ["prod"]), Wanted())) == ["at 2", "at 4"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(kind="helmrelease"), ["at 2"]),
        (Wanted(name="web"), ["at 1", "at 3"]),
        (Wanted(kind="Application", name="redis"), []),
        (Wanted(level="error"), ["at 3"]),
        (Wanted(since=NINE + timedelta(minutes=2)), ["at 2", "at 3"]),
    ],
)
def test_only_what_is_wanted_is_told(platform: Repository, wanted: Wanted, told: list[str]) -> None:
    written(platform, line(1), line(2, kind="HelmRelease", name="redis"), line(3, level="error"))
    assert messages(logs(tails(platform, ["dev"]), wanted)) == told


def test_following_goes_on_and_waits_for_a_line_s_end(
    platform: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(Stack(platform, "dev"), line(2))
    text = log_file(Stack(platform, "dev")).read_text()
    log_file(Stack(platform, "dev")).unlink()
    parts = ["", text[:40], text[40:]]

    def pause(_seconds: float) -> None:
        with log_file(Stack(platform, "dev")).open("a") as file:
            file.write(parts.pop(0))

    monkeypatch.setattr(logs_module.time, "sleep", pause)
    written(platform, line(1), line(1, "prod"))
    followed = follow(tails(platform, ["dev", "prod"]), Wanted())
    assert messages(list(islice(followed, 3))) == ["at 1", "at 1", "at 2"]
    assert parts == []


def test_a_line_is_shown_as_text_or_as_json(
    platform: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(platform.root)
    written(platform, line(1))

    def shown(*arguments: str) -> str:
        result = CliRunner().invoke(logs_command, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert shown() == "2026-11-23T21:01:00Z info dev Application/web c0ffee1 at 1\n"
    assert json.loads(shown("-o", "json")) == {
        "time": "2026-11-23T21:01:00+00:00",
        "level": "info",
        "stack": "dev",
        "commit": "c0ffee1234",
        "kind": "Application",
        "name": "web",
        "message": "at 1",
    }
    assert shown("--since", "90s") == ""
    wrong = CliRunner().invoke(logs_command, ["--since", "yesterday"])
    assert "--since: 'yesterday' is not a duration" in wrong.output


def test_an_update_is_told_from_its_beginning_to_its_end(platform: Repository) -> None:
    deployment = Change(
        URN.format("$kubernetes:apps/v1:Deployment"), "update", "web", "Deployment", "shop", "web"
    )
    outcome = Outcome("dev", {"update": 1}, 2.0, [deployment])
    assert logged(Stack(platform, "dev"), "c0ffee", "up", lambda: outcome) is outcome
    told = [
        (each.kind, each.name, each.message) for each in logs(tails(platform, ["dev"]), Wanted())
    ]
    assert told == [
        ("Stack", "dev", "up began"),
        ("Application", "web", "update Deployment shop/web"),
        ("Stack", "dev", "up: 1 updated in 2 s"),
    ]


def test_a_failure_is_told_with_each_reason(platform: Repository) -> None:
    secret = Change(
        URN.format("$kubernetes:core/v1:Secret"),
        *("create", "web", "Secret", "shop", "web"),
        error="web: Secret shop/web: forbidden",
    )

    def fail() -> Outcome:
        raise DeploymentError("dev: web: Secret shop/web: forbidden", [secret])

    with pytest.raises(DeploymentError):
        logged(Stack(platform, "dev"), "c0ffee", "up", fail)
    assert messages(logs(tails(platform, ["dev"]), Wanted(level="error"))) == [
        "web: Secret shop/web: forbidden",
        "up failed: dev: web: Secret shop/web: forbidden",
    ]
