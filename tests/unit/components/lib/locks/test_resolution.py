from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from components.errors import DeclarationError
from components.lib.locks.lock import Lock
from components.lib.locks.locked_chart import ChartRequest, LockedChart
from components.lib.locks.resolution import Change, LookUp, changes, names, resolve
from components.lib.policies.range import newest

YESTERDAY, TODAY = date(2026, 11, 22), date(2026, 11, 23)
SOURCE = "https://charts.example.com"
REDIS = ChartRequest(name="redis", source=SOURCE, chart="redis", range="18.x")
GITEA = ChartRequest(name="gitea", source=SOURCE, chart="gitea", range="*")


class Shelf:
    """Charts in memory; it notes what was looked up."""

    def __init__(self, **charts: list[str]) -> None:
        self.charts = charts
        self.edition = "0"
        self.looked_up: list[str] = []

    def newest(self, request: ChartRequest, _before: LockedChart | None) -> LockedChart:
        self.looked_up.append(request.chart)
        version = newest(request.range, self.charts[request.chart])
        assert version
        digest = f"sha256:{self.edition * 64}"
        return LockedChart(name=request.name, **request.asked(), version=version, digest=digest)

    @property
    def look_ups(self) -> dict[str, LookUp]:
        return {"charts": self.newest}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(redis=["17.0.0", "18.0.0", "18.2.0", "19.0.0"], gitea=["9.0.0", "10.0.0-rc.1"])


@pytest.fixture
def current(shelf: Shelf) -> Lock:
    """A lock of yesterday, when redis 18.2.0 was not out."""
    shelf.charts["redis"].remove("18.2.0")
    lock = resolve([REDIS, GITEA], Lock(), shelf.look_ups, YESTERDAY)
    shelf.charts["redis"].append("18.2.0")
    shelf.looked_up.clear()
    return lock


def test_what_is_missing_is_locked_at_the_newest_allowed(shelf: Shelf) -> None:
    lock = resolve([REDIS, GITEA], Lock(), shelf.look_ups, TODAY)
    assert [(c.name, c.version) for c in lock.charts.values()] == [
        ("gitea", "9.0.0"),
        ("redis", "18.2.0"),
    ]
    assert lock.charts["redis"] == LockedChart(
        name="redis",
        **REDIS.asked(),
        version="18.2.0",
        digest=f"sha256:{'0' * 64}",
        updated=TODAY,
        reason="first locked",
    )


def test_what_fits_is_kept_without_a_look_up(shelf: Shelf, current: Lock) -> None:
    assert resolve([REDIS, GITEA], current, shelf.look_ups, TODAY) == current
    assert shelf.looked_up == []


def test_only_the_named_are_upgraded(shelf: Shelf, current: Lock) -> None:
    lock = resolve([REDIS, GITEA], current, shelf.look_ups, TODAY, upgrade=["redis"])
    assert shelf.looked_up == ["redis"]
    assert changes(current, lock) == [
        Change("charts", "redis", "18.0.0", "18.2.0", "18.x: 18.0.0 -> 18.2.0"),
    ]
    assert lock.charts["redis"].updated == TODAY


def test_an_upgrade_that_finds_nothing_new_changes_nothing(shelf: Shelf, current: Lock) -> None:
    assert resolve([REDIS, GITEA], current, shelf.look_ups, TODAY, upgrade=["gitea"]) == current


def test_what_nobody_requests_is_dropped(shelf: Shelf, current: Lock) -> None:
    lock = resolve([REDIS], current, shelf.look_ups, TODAY)
    assert changes(current, lock) == [
        Change("charts", "gitea", "9.0.0", None, "no longer requested")
    ]


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
    locked = resolve([request_], current, shelf.look_ups, TODAY).answer(request_, "dev")
    assert (locked.version, locked.range) == (version, request_.range)
    assert locked.reason.startswith(reason)


def test_a_chart_published_anew_is_noticed_by_an_upgrade(shelf: Shelf, current: Lock) -> None:
    shelf.edition = "1"
    lock = resolve([REDIS, GITEA], current, shelf.look_ups, TODAY, upgrade=["gitea"])
    assert changes(current, lock) == [
        Change("charts", "gitea", "9.0.0", "9.0.0", "9.0.0 was published anew"),
    ]


def test_one_section_alone_may_be_upgraded(shelf: Shelf, current: Lock) -> None:
    lock = resolve([REDIS, GITEA], current, shelf.look_ups, TODAY, upgrade=["charts/redis"])
    assert [change.new for change in changes(current, lock)] == ["18.2.0"]


def test_what_may_be_upgraded_has_two_names() -> None:
    assert names([REDIS, GITEA]) == {"redis", "charts/redis", "gitea", "charts/gitea"}


def test_two_releases_of_one_name_are_refused(shelf: Shelf) -> None:
    with pytest.raises(DeclarationError, match="Two charts are asked for by the name 'redis'"):
        resolve([REDIS, replace(REDIS, range="*")], Lock(), shelf, TODAY)
