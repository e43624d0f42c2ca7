from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sluice.commands import get as verb
from sluice.commands.get import rows_as_table
from sluice.console.tables import age
from sluice.inventory.deployed import Deployed
from sluice.inventory.liveness import Live
from sluice.stack.suspension import Suspension
from sluice.status.rows import component_rows, stack_row
from tests.unit.sluice.stack_data import BEGIN, DEPLOYED, deployment, live, live_object

OBSERVED = {"observedGeneration": 1, "updatedReplicas": 1}
BROKEN = live(StatefulSet=[live_object("StatefulSet", "redis-master", status=OBSERVED)])
REASON = Suspension("redis", "migration", "Ada <ada@example.com>", BEGIN)


@pytest.fixture(autouse=True)
def five_minutes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        @staticmethod
        def now(_zone: object) -> Any:
            return BEGIN + timedelta(minutes=5)

    monkeypatch.setattr(verb, "datetime", Clock)


def table(found: Live, *suspended: Suspension, **options: bool) -> list[str]:
    rows = component_rows(DEPLOYED, found, suspended)
    return [line.rstrip() for line in rows_as_table(rows, **options).splitlines()]


def test_each_component_has_a_row_with_its_revision_and_readiness() -> None:
    assert table(BROKEN) == [
        (
            "STACK    NAME                   REVISION        SUSPENDED    READY    "
            "MESSAGE                                               AGE"
        ),
        (
            "dev      application/web        1.2@abc1234     False        True     "
            "3 objects                                             5m"
        ),
        (
            "dev      helmrelease/redis      19.6.4@abc1234  False        False    "
            "StatefulSet shop/redis-master: 0 of 1 replicas ready  5m"
        ),
        (
            "dev      helmrepository/charts  abc1234         False        True     "
            "https://charts.example.org                            5m"
        ),
        (
            "dev      namespace/shop         abc1234         False        True     "
            "1 object                                              5m"
        ),
    ]


def test_of_one_stack_and_one_kind_neither_is_repeated() -> None:
    rows = [row for row in component_rows(DEPLOYED, live(), []) if row.kind == "HelmRelease"]
    assert rows_as_table(rows, wide=True, several=False).splitlines() == [
        "NAME    REVISION        SUSPENDED    READY    MESSAGE    AGE    OBJECTS    SOURCE",
        "redis   19.6.4@abc1234  False        True     3 objects  5m     3          redis",
    ]


def test_a_suspended_component_says_by_whom_and_why() -> None:
    (line,) = [line for line in table(live(), REASON) if "redis" in line]
    assert "True         True     suspended by Ada <ada@example.com> since 2026-11-23 21:00" in line
    assert ": migration" in line


def test_a_stack_s_row_sums_its_components_up() -> None:
    row = stack_row(DEPLOYED, live(), [REASON])
    assert (row.revision, row.ready, row.suspended) == ("abc1234", True, False)
    assert row.message == "4 components, 6 objects"
    assert (row.result, row.deployed) == ("succeeded", BEGIN)


def test_a_suspended_stack_says_why() -> None:
    row = stack_row(DEPLOYED, live(), [replace(REASON, component="")])
    assert row.suspended
    assert row.message.endswith(": migration")


def test_a_stack_with_something_not_ready_is_not_and_says_what() -> None:
    row = stack_row(DEPLOYED, BROKEN, [])
    assert row.ready is False
    assert row.message == (
        "HelmRelease redis: StatefulSet shop/redis-master: 0 of 1 replicas ready"
    )


def test_a_stack_whose_last_deployment_failed_is_not_ready() -> None:
    failed = replace(DEPLOYED, history=[deployment(1), deployment(2, result="failed")])
    row = stack_row(failed, live(), [])
    assert (row.ready, row.message) == (False, "the last deployment failed")


def test_a_stack_that_was_never_deployed_says_how_to() -> None:
    row = stack_row(Deployed("prod", [], []), Live({}), [])
    assert (row.revision, row.ready, row.result) == ("-", False, "")
    assert row.message == "not deployed; run `sluice up prod`"


def test_where_the_cluster_cannot_be_asked_nothing_is_claimed() -> None:
    away = Live.unknown(DEPLOYED.objects, "context dev: the cluster cannot be asked: refused")
    row = stack_row(DEPLOYED, away, [])
    assert row.ready is None
    assert "cannot be asked: refused" in row.message
    assert [line.split()[4] for line in table(away)[1:]] == [
        "Unknown",
        "Unknown",
        "True",
        "Unknown",
    ]


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-3), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=48), "2d"),
    ],
)
def test_an_age_is_written_as_kubectl_does(passed: timedelta, text: str) -> None:
    assert age(BEGIN, BEGIN + passed) == text
    assert age(None, BEGIN) == "-"
