"""Lock entries carried from one stack to another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from components.errors import DeclarationError
from components.lib.locks.image_source import ImageSource
from components.lib.locks.lock import Lock
from components.lib.locks.lock_entry import Request
from components.lib.locks.locked_chart import ChartRequest, LockedChart
from components.lib.locks.locked_image import ImageRequest, LockedImage
from components.lib.locks.promotion import Promotion, promotion
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy

BEFORE, TODAY = date(2026, 1, 1), date(2026, 1, 31)
CHARTS = "https://charts.example.org"


def chart(version: str, ranges: str = "19.x", source: str = CHARTS) -> LockedChart:
    return LockedChart(
        name="redis",
        source=source,
        chart="redis",
        range=ranges,
        version=version,
        digest=f"sha256:{version.replace('.', ''):0>64}",
        updated=BEFORE,
        reason="first locked",
    )


def image(tag: str, policy: str = "*") -> LockedImage:
    return LockedImage(
        name="app",
        repository="gitea.local/app",
        policy=f"semver {policy}",
        tag=tag,
        digest=f"sha256:{tag.replace('.', ''):0>64}",
        updated=BEFORE,
        reason="first locked",
    )


def asks(ranges: str = "19.x", policy: str = "*") -> list[Request[Any]]:
    return [
        ChartRequest(name="redis", source=CHARTS, chart="redis", range=ranges),
        ImageRequest(
            name="app",
            source=ImageSource("gitea.local/app"),
            policy=TagPolicy(SemVerPolicy(policy)),
        ),
    ]


def promoted(
    source: Lock, target: Lock, *names: str, requests: list[Request[Any]] | None = None
) -> Promotion:
    asked = asks() if requests is None else requests
    return promotion(source, target, asked, names, stacks=("dev", "prod"), today=TODAY)


DEV = Lock(charts={"redis": chart("19.6.4")}, images={"app": image("1.5.0")})
PROD = Lock(charts={"redis": chart("19.6.0")}, images={"app": image("1.4.2")})


def test_every_entry_that_differs_is_carried_with_when_and_why() -> None:
    found = promoted(DEV, PROD)
    assert [(each.name, each.new.shown) for each in found.carried] == [
        ("charts/redis", "19.6.4"),
        ("images/app", "1.5.0"),
    ]
    assert found.lock.images["app"] == replace(
        image("1.5.0"), updated=TODAY, reason="promoted from dev: 1.4.2 -> 1.5.0"
    )


@pytest.mark.parametrize("name", ["app", "images/app"])
def test_only_what_is_named_is_carried(name: str) -> None:
    found = promoted(DEV, PROD, name)
    assert [each.name for each in found.carried] == ["images/app"]
    assert found.lock.charts == PROD.charts


def test_what_is_the_same_keeps_its_day_and_reason() -> None:
    found = promoted(DEV, DEV)
    assert found.carried == []
    assert found.lock == DEV


def test_the_target_keeps_its_own_range_and_policy() -> None:
    found = promoted(DEV, PROD, requests=asks(">=19.0.0", "<2.0.0"))
    assert found.lock.charts["redis"].range == ">=19.0.0"
    assert found.lock.images["app"].policy == "semver <2.0.0"


def test_what_the_target_does_not_allow_is_left_and_said() -> None:
    found = promoted(DEV, PROD, requests=asks("18.x"))
    assert [each.name for each in found.carried] == ["images/app"]
    assert "18.x" in found.left["charts/redis"]
    assert found.lock.charts == PROD.charts


def test_what_is_named_and_not_allowed_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"charts/redis of dev cannot go to prod: .*18\.x"):
        promoted(DEV, PROD, "redis", requests=asks("18.x"))


def test_a_chart_of_another_repository_is_not_the_same_chart() -> None:
    other = Lock(charts={"redis": chart("19.6.4", source="https://other.example.org")})
    found = promoted(other, PROD)
    assert found.carried == []
    assert "its source is https://other.example.org" in found.left["charts/redis"]


def test_what_the_target_does_not_ask_for_is_nothing_to_it() -> None:
    assert promoted(DEV, Lock(), requests=asks()[:1]).lock.images == {}


def test_what_the_target_has_not_locked_yet_is_carried() -> None:
    found = promoted(DEV, Lock(), "app")
    assert (found.carried[0].old, found.carried[0].new.reason) == (None, "promoted from dev: 1.5.0")


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(DeclarationError, match="no 'ap' locked in common; there are: charts/redis"):
        promoted(DEV, PROD, "ap")
