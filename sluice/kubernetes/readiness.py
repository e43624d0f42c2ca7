"""Whether an object is ready, by its status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Status", "status_of"]


Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Status:
    """How an object is.

    Attributes:
        ready: whether it does what it is for; None where the cluster could not be asked.
        message: what is wrong, or how far it is; empty where there is nothing to say.

    """

    ready: bool | None
    message: str = ""


def status_of(live: Manifest) -> Status:
    """Return how a live object is, by its kind's own rules or else by its conditions."""
    if live["metadata"].get("deletionTimestamp"):
        return Status(False, "being deleted")
    return _STATUS.get(live["kind"], _by_conditions)(live, live.get("status") or {})


def _replicas(live: Manifest, status: Manifest) -> Status:
    wanted = live["spec"].get("replicas", 1)
    current = _is_observed(live, status) and status.get("updatedReplicas", 0) >= wanted
    return _of_wanted(status.get("readyReplicas", 0), wanted, "replicas", current=current)


def _replica_set(live: Manifest, status: Manifest) -> Status:
    wanted = live["spec"].get("replicas", 1)
    current = _is_observed(live, status)
    return _of_wanted(status.get("readyReplicas", 0), wanted, "replicas", current=current)


def _daemons(live: Manifest, status: Manifest) -> Status:
    wanted = status.get("desiredNumberScheduled", 0)
    current = _is_observed(live, status) and status.get("updatedNumberScheduled", 0) >= wanted
    return _of_wanted(status.get("numberReady", 0), wanted, "pods", current=current)


def _is_observed(live: Manifest, status: Manifest) -> bool:
    generation: int = live["metadata"].get("generation", 0)
    return bool(status.get("observedGeneration", 0) >= generation)


def _of_wanted(ready: int, wanted: int, what: str, *, current: bool) -> Status:
    old = "" if current else ", not all of them new"
    return Status(current and ready >= wanted, f"{ready} of {wanted} {what} ready{old}")


def _namespace(_live: Manifest, status: Manifest) -> Status:
    phase = str(status.get("phase", "Active"))
    return Status(phase == "Active", phase)


def _job(_live: Manifest, status: Manifest) -> Status:
    failed = _condition(status, "Failed")
    if failed.get("status") == "True":
        return Status(False, str(failed.get("message") or "failed"))
    return Status(True, "complete" if status.get("succeeded") else "running")


def _pod(_live: Manifest, status: Manifest) -> Status:
    phase = str(status.get("phase", "Pending"))
    ready = _condition(status, "Ready").get("status") == "True"
    waiting = [
        state["waiting"]["reason"]
        for container in status.get("containerStatuses") or ()
        if "reason" in (state := container.get("state") or {}).get("waiting", {})
    ]
    return Status(ready or phase == "Succeeded", ", ".join(dict.fromkeys(waiting)) or phase)


def _claim(_live: Manifest, status: Manifest) -> Status:
    # Pending is as it should be until a pod uses it, whose status says what is wrong then.
    phase = str(status.get("phase", "Pending"))
    return Status(phase != "Lost", phase)


def _by_conditions(_live: Manifest, status: Manifest) -> Status:
    for kind in ("Ready", "Available", "Established"):
        condition = _condition(status, kind)
        if condition.get("status") == "False":
            return Status(False, str(condition.get("message") or condition.get("reason") or ""))
    return Status(True)


def _condition(status: Manifest, kind: str) -> Manifest:
    conditions = status.get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


_STATUS: Mapping[str, Callable[[Manifest, Manifest], Status]] = {
    "DaemonSet": _daemons,
    "Deployment": _replicas,
    "Job": _job,
    "Namespace": _namespace,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "ReplicaSet": _replica_set,
    "StatefulSet": _replicas,
}
