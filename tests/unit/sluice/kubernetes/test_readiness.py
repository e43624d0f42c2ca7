from __future__ import annotations

from typing import Any

import pytest

from sluice.kubernetes.readiness import Status, status_of
from tests.unit.sluice.stack_data import live_object

CONDITION = "conditions"
OBSERVED = {"observedGeneration": 1}


def condition(kind: str, status: str, message: str = "") -> dict[str, Any]:
    return {CONDITION: [{"type": kind, "status": status, "message": message}]}


@pytest.mark.parametrize(
    ("kind", "status", "ready", "message"),
    [
        ("Deployment", {}, False, "0 of 1 replicas ready"),
        ("Deployment", OBSERVED | {"readyReplicas": 1}, False, "1 of 1 replicas ready, not all of"),
        ("Deployment", OBSERVED | {"readyReplicas": 1, "updatedReplicas": 1}, True, "1 of 1 rep"),
        ("StatefulSet", {"readyReplicas": 1, "updatedReplicas": 1}, False, "1 of 1 replicas ready"),
        ("ReplicaSet", OBSERVED | {"readyReplicas": 1}, True, "1 of 1 replicas ready"),
        ("DaemonSet", OBSERVED | {"desiredNumberScheduled": 3}, False, "0 of 3 pods ready"),
        ("DaemonSet", OBSERVED, True, "0 of 0 pods ready"),
        ("Job", condition("Failed", "True", "too often"), False, "too often"),
        ("Job", {"succeeded": 1}, True, "complete"),
        ("Namespace", {"phase": "Terminating"}, False, "Terminating"),
        ("PersistentVolumeClaim", {"phase": "Pending"}, True, "Pending"),
        ("PersistentVolumeClaim", {"phase": "Lost"}, False, "Lost"),
        ("Pod", {"phase": "Succeeded"}, True, "Succeeded"),
        ("Pod", {"phase": "Pending"}, False, "Pending"),
        ("ConfigMap", {}, True, ""),
        ("Queue", condition("Ready", "False", "no broker"), False, "no broker"),
        ("Queue", condition("Ready", "True"), True, ""),
    ],
)
def test_each_kind_is_ready_by_its_own_rule(
    kind: str, status: dict[str, Any], ready: bool, message: str
) -> None:
    found = status_of(live_object(kind, "web", status=status))
    assert found.ready is ready
    assert found.message.startswith(message)


def test_a_pod_says_what_its_containers_wait_for() -> None:
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pod = live_object("Pod", "web", status={"phase": "Pending", "containerStatuses": [waiting]})
    assert status_of(pod) == Status(False, "ImagePullBackOff")


def test_an_object_that_is_being_deleted_is_not_ready() -> None:
    gone = live_object("ConfigMap", "web")
    gone["metadata"]["deletionTimestamp"] = "2026-11-23T21:00:00Z"
    assert status_of(gone) == Status(False, "being deleted")
