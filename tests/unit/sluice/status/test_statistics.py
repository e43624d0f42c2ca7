from __future__ import annotations

from dataclasses import replace

from sluice.commands.stats import _as_tables
from sluice.status.rows import component_rows
from sluice.status.statistics import KindCount, statistics_of
from tests.unit.sluice.stack_data import DEPLOYED, deployment, live

HISTORY = [
    deployment(1, seconds=30.0),
    deployment(2, seconds=3.0, result="failed"),
    deployment(3, seconds=4.0),
]


def test_a_stack_in_numbers() -> None:
    deployed = replace(DEPLOYED, history=HISTORY)
    found = live(StatefulSet=[])
    numbers = statistics_of(deployed, component_rows(deployed, found, []), found, 2048)
    assert numbers.components[:2] == (
        KindCount("Application", ready=1, failing=0, unknown=0, suspended=0),
        KindCount("HelmRelease", ready=0, failing=1, unknown=0, suspended=0),
    )
    # The Namespace that two components share counts once.
    assert sum(each.ready + each.failing for each in numbers.objects) == 6
    assert (numbers.deployments, numbers.last_seconds) == (3, (4.0, 30.0))
    assert numbers.median_seconds == 17.0
    assert _as_tables([numbers]).splitlines()[-1].split() == [
        *("dev", "4", "6", "2", "KiB", "3", "4s", "17s"),
    ]
