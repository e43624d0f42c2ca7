"""Waiting for health checks, on a cluster and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.core.health import Condition, Expression
from sluice.backend.state import Resource
from sluice.engine.events import Moment
from sluice.errors import DeploymentError
from sluice.reconciliation.health import HealthCheck, await_health, health_checks

OUTPUTS: Mapping[str, Any] = {
    "object": {
        "apiVersion": "db.example/v1",
        "kind": "Cluster",
        "namespace": "databases",
        "name": "main",
    },
    "healthy": {"waitFor": "condition=Ready"},
    "timeoutSeconds": 60.0,
}


class FakeCluster:
    """A cluster whose object is another one at each look."""

    def __init__(self, *states: Mapping[str, Any] | None, serves: bool = True) -> None:
        self._states = list(states)
        self._serves = serves

    def get(self, *_identity: str) -> Mapping[str, Any] | None:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]

    def serves(self, *_kind: str) -> bool:
        return self._serves

    def listed(self, *_kind: str, **_selectors: str) -> tuple[list[Mapping[str, Any]], str]:
        events = [
            {"reason": "Created", "message": "made", "lastTimestamp": "2026-01-01T00:00:00Z"},
            {"reason": "NoDisk", "message": "no\n disk", "lastTimestamp": "2026-01-01T00:01:00Z"},
        ]
        return events, ""


def condition(status: str, **more: str) -> Mapping[str, Any]:
    conditions = [{"type": "Ready", "status": status, **more}]
    return {"metadata": {"name": "main"}, "status": {"conditions": conditions}}


def waited(cluster: FakeCluster, healthy: Mapping[str, Any]) -> list[str]:
    resource = Resource(
        urn="urn:pulumi:dev::infrastructure::sluice:health:HealthCheck::database",
        type="sluice:health:HealthCheck",
        name="database",
        parent="",
        outputs={**OUTPUTS, "healthy": healthy},
    )
    told: list[str] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    checks = health_checks([resource])

    def watch(moment: Moment) -> None:
        if not moment.done:
            told.append(f"{moment.urn}: {moment.message}")

    await_health(cluster, checks, watch, lambda: now[0], sleep)  # type: ignore[arg-type]
    return told


READY = {"waitFor": "condition=Ready"}


def test_it_is_waited_for_and_why_is_told() -> None:
    cluster = FakeCluster(None, condition("False", reason="Starting"), condition("True"))

    assert waited(cluster, READY) == [
        "Cluster databases/main: not there",
        "Cluster databases/main: condition Ready is False (Starting)",
    ]


def test_what_is_not_healthy_in_time_is_named_with_its_condition_and_events() -> None:
    cluster = FakeCluster(condition("False", reason="NoDisk", message="no disk"))

    with pytest.raises(DeploymentError) as failed:
        waited(cluster, READY)

    assert str(failed.value) == (
        "HealthCheck database: Cluster databases/main is not healthy after 60 s: "
        "condition Ready is False (NoDisk): no disk; last events: NoDisk: no disk; Created: made"
    )


def test_what_has_failed_is_not_waited_for() -> None:
    failing = {"current": "true", "in_progress": "", "failed": "status.conditions.size() == 1"}

    with pytest.raises(DeploymentError, match="failed after 0 s: failed: status"):
        waited(FakeCluster(condition("False")), failing)


def test_a_kind_that_the_cluster_does_not_serve_is_said_so() -> None:
    with pytest.raises(DeploymentError, match=r"the cluster does not serve db\.example/v1"):
        waited(FakeCluster(None, serves=False), READY)


def test_a_check_is_read_from_the_state() -> None:
    check = HealthCheck("db", "v1", "Pod", "", "main", Expression(current="true"), 5)
    assert str(check) == "Pod main"
    other = Resource(urn="urn::x", type="sluice:core:Namespace", name="x", parent="", outputs={})
    assert health_checks([other]) == []
    assert Condition().wait_for == READY["waitFor"]
