"""What waits for what, as lines of one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice.console import progress as progress_module
from sluice.console.progress import Waiting
from sluice.engine.events import Moment

if TYPE_CHECKING:
    from tests.unit.sluice.conftest import MakeRepository

WEB = "urn:pulumi:dev::infra::sluice:apps:Application$kubernetes:apps/v1:Deployment::web:shop/web"
NAMESPACE = "urn:pulumi:dev::infra::sluice:core:Namespace$kubernetes:core/v1:Namespace::shop:shop"
RELEASE = "urn:pulumi:dev::infra::sluice:helm:HelmRelease$kubernetes:helm.sh/v3:Release::redis"


def test_what_is_waited_for_is_shown_with_why_the_longest_first() -> None:
    waiting = Waiting("dev", 0)
    waiting.take(Moment(NAMESPACE), 1)
    waiting.take(Moment(WEB, waits=True), 2)
    waiting.take(Moment(RELEASE, waits=True), 1)
    waiting.take(Moment(WEB, waits=True, message="0 of 1 pods ready: no node has room"), 5)

    assert waiting.lines(10, 80, 24) == [
        "dev: 3 resources, 10 s",
        "  Release redis, 9 s",
        "  Deployment shop/web, 8 s: 0 of 1 pods ready: no node has room",
    ]


def test_what_has_ended_or_has_just_begun_is_not_shown() -> None:
    waiting = Waiting("dev", 0)
    waiting.take(Moment(WEB, waits=True, message="starting"), 0)
    waiting.take(Moment(WEB, done=True), 5)
    waiting.take(Moment(RELEASE, waits=True), 9)

    assert waiting.lines(10, 80, 24) == ["dev: 2 resources, 10 s"]


def test_it_is_one_screen_at_most_and_no_line_is_broken() -> None:
    waiting = Waiting("dev", 0)
    for number in range(30):
        waiting.take(Moment(f"{WEB}-{number}", waits=True, message="x" * 100), 0)

    lines = waiting.lines(10, 40, 8)

    assert len(lines) == 7
    assert lines[-1] == "  and 25 more"
    assert max(map(len, lines)) == 40


def test_a_health_check_is_named_as_it_is() -> None:
    waiting = Waiting("dev", 0)
    waiting.take(Moment("Cluster databases/main", waits=True, message="not there"), 0)

    assert waiting.lines(3, 80, 24)[1] == "  Cluster databases/main, 3 s: not there"


def test_of_what_takes_longer_the_pod_that_is_not_ready_is_named_below_it() -> None:
    asked: list[tuple[str, str, str]] = []

    def unready(place: tuple[str, str, str]) -> str:
        asked.append(place)
        return "pod web-1: ErrImagePull" if place[0] == "Deployment" else ""

    waiting = Waiting("dev", 0)
    waiting.take(Moment(WEB, waits=True, message="0 of 1 pods ready"), 0)
    waiting.take(Moment(RELEASE, waits=True, release="databases/redis"), 1)
    waiting.take(Moment(f"{WEB}-new", waits=True), 5)
    waiting.take(Moment(WEB.replace("::web:", "::web@west:"), waits=True), 2)
    waiting.ask(8, unready)

    assert asked == [("Deployment", "shop", "web"), ("Release", "databases", "redis")]
    assert waiting.lines(8, 80, 24)[:4] == [
        "dev: 4 resources, 8 s",
        "  Deployment shop/web, 8 s: 0 of 1 pods ready",
        "    pod web-1: ErrImagePull",
        "  Release redis, 7 s",
    ]

    waiting.take(Moment(WEB, done=True), 9)
    assert "ErrImagePull" not in "".join(waiting.lines(9, 80, 24))


def test_pods_are_of_one_screen_too() -> None:
    waiting = Waiting("dev", 0)
    for number in range(9):
        waiting.take(Moment(f"{WEB}-{number}", waits=True), 0)
    waiting.ask(6, lambda place: f"pod {place[2]}-0: Pending")

    lines = waiting.lines(6, 80, 8)

    assert len(lines) == 6
    assert lines[-1] == "  and 7 more"


def test_in_a_log_it_is_one_line_which_says_too_that_the_cluster_does_not_answer() -> None:
    waiting = Waiting("dev", 0)
    assert waiting.line(60) == "dev: 0 resources, 60 s"
    for number in range(9):
        waiting.take(Moment(f"{WEB}-{number}", waits=True, message="no node has room"), number)
    assert waiting.line(60, "cluster dev-cluster: connection refused") == (
        "dev: 9 resources, 60 s; cluster dev-cluster: connection refused; waiting for "
        "Deployment shop/web-0, 60 s: no node has room; "
        "Deployment shop/web-1, 59 s: no node has room; "
        "Deployment shop/web-2, 58 s: no node has room; and 6 more"
    )


def test_without_a_terminal_it_is_told_each_minute(
    repository: MakeRepository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_module, "_TOLD_EVERY_SECONDS", 0.05)
    told = ""
    with progress_module.progress(repository(dev="").stack("dev")) as watch:
        watch(Moment("Cluster databases/main", waits=True, message="not there"))
        while told.count("\n") < 2:
            told += capsys.readouterr().err
    assert "dev: 1 resources, 0 s" in told
