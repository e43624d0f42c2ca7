from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from components.artifacts.lock import ChartRequest, Lock, LockedChart
from components.artifacts.resolution import Change, changes, resolve
from components.errors import ArtifactError, DeclarationError

YESTERDAY, TODAY = date(2026, 11, 22), date(2026, 11, 23)
SOURCE = "https://charts.example.com"
REDIS = ChartRequest("redis", SOURCE, "redis", "18.x")
GITEA = ChartRequest("gitea", SOURCE, "gitea", "*")


class Shelf:
    """Charts in memory; it notes what was looked up."""

    def __init__(self, **charts: list[str]) -> None:
        self.charts = charts
        self.edition = "0"
        self.looked_up: list[str] = []

    def versions(self, source: str, chart: str) -> list[str]:
        assert source == SOURCE
        self.looked_up.append(chart)
        return self.charts[chart]

    def digest(self, source: str, chart: str, version: str) -> str:
        assert source == SOURCE
        assert version in self.charts[chart]
        return f"sha256:{self.edition * 64}"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(redis=["17.0.0", "18.0.0", "18.2.0", "19.0.0"], gitea=["9.0.0", "10.0.0-rc.1"])


@pytest.fixture
def current(shelf: Shelf) -> Lock:
    """A lock of yesterday, when redis 18.2.0 was not out."""
    shelf.charts["redis"].remove("18.2.0")
    lock = resolve([REDIS, GITEA], Lock(), shelf, YESTERDAY)
    shelf.charts["redis"].append("18.2.0")
    shelf.looked_up.clear()
    return lock


def test_what_is_missing_is_locked_at_the_newest_allowed(shelf: Shelf) -> None:
    lock = resolve([REDIS, GITEA], Lock(), shelf, TODAY)
    assert [(c.name, c.version) for c in lock.charts.values()] == [
        ("gitea", "9.0.0"),
        ("redis", "18.2.0"),
    ]
    assert lock.charts["redis"] == LockedChart(
        "redis", SOURCE, "redis", "18.x", "18.2.0", f"sha256:{'0' * 64}", TODAY, "first locked"
    )


def test_what_fits_is_kept_without_a_look_up(shelf: Shelf, current: Lock) -> None:
    assert resolve([REDIS, GITEA], current, shelf, TODAY) == current
    assert shelf.looked_up == []


def test_only_the_named_are_upgraded(shelf: Shelf, current: Lock) -> None:
    lock = resolve([REDIS, GITEA], current, shelf, TODAY, upgrade=["redis"])
    assert shelf.looked_up == ["redis"]
    assert changes(current, lock) == [
        Change("redis", "18.0.0", "18.2.0", "18.x: 18.0.0 -> 18.2.0"),
    ]
    assert lock.charts["redis"].updated == TODAY


def test_an_upgrade_that_finds_nothing_new_changes_nothing(shelf: Shelf, current: Lock) -> None:
    assert resolve([REDIS, GITEA], current, shelf, TODAY, upgrade=["gitea"]) == current


def test_what_nobody_requests_is_dropped(shelf: Shelf, current: Lock) -> None:
    lock = resolve([REDIS], current, shelf, TODAY)
    assert changes(current, lock) == [Change("gitea", "9.0.0", None, "no longer requested")]


@pytest.mark.parametrize(
    ("request_", "version", "reason"),
    [
        (replace(REDIS, range="19.x"), "19.0.0", "range 18.x -> 19.x: 18.0.0 -> 19.0.0"),
        (replace(REDIS, range=">=18 <19"), "18.0.0", "range 18.x -> >=18 <19: still 18.0.0"),
        (replace(REDIS, chart="gitea", range="*"), "9.0.0", "chart redis -> gitea: 18.0.0 -> 9.0"),
    ],
)
def test_an_entry_follows_its_request(
    shelf: Shelf, current: Lock, request_: ChartRequest, version: str, reason: str
) -> None:
    locked = resolve([request_], current, shelf, TODAY).chart(request_, "dev")
    assert (locked.version, locked.range) == (version, request_.range)
    assert locked.reason.startswith(reason)


def test_a_chart_published_anew_is_noticed_by_an_upgrade(shelf: Shelf, current: Lock) -> None:
    shelf.edition = "1"
    lock = resolve([REDIS, GITEA], current, shelf, TODAY, upgrade=["gitea"])
    assert changes(current, lock) == [
        Change("gitea", "9.0.0", "9.0.0", "9.0.0 was published anew"),
    ]


def test_a_version_written_exactly_goes_before_the_range_it_also_is(shelf: Shelf) -> None:
    shelf.charts["redis"] = ["18.0", "18.0.7"]
    request = replace(REDIS, range="18.0")
    assert resolve([request], Lock(), shelf, TODAY).charts["redis"].version == "18.0"


def test_a_range_that_nothing_satisfies_names_what_there_is(shelf: Shelf) -> None:
    with pytest.raises(ArtifactError) as refusal:
        resolve([replace(REDIS, range="20.x")], Lock(), shelf, TODAY)
    assert str(refusal.value) == (
        "The repository https://charts.example.com has no version '20.x' of the chart 'redis';"
        " the nearest are 19.0.0, 18.2.0, 18.0.0, 17.0.0."
    )


def test_an_unknown_name_to_upgrade_is_refused(shelf: Shelf) -> None:
    with pytest.raises(DeclarationError, match=r"'redsi'; name one of gitea, redis\."):
        resolve([REDIS, GITEA], Lock(), shelf, TODAY, upgrade=["redsi"])


def test_two_releases_of_one_name_are_refused(shelf: Shelf) -> None:
    with pytest.raises(DeclarationError, match="Two releases are named 'redis'"):
        resolve([REDIS, replace(REDIS, range="*")], Lock(), shelf, TODAY)
