"""Whether workloads are ready on their cluster, by one list request a kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sluice.cluster import Cluster

__all__ = ["Workload", "unready"]


@dataclass(frozen=True)
class Workload:
    """An object whose readiness is asked for."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.namespace}/{self.name}"
            if self.namespace
            else f"{self.kind} {self.name}"
        )


def unready(cluster: Cluster, workloads: Collection[Workload]) -> dict[Workload, str]:
    """Return what is wrong with each workload that is not ready.

    Kinds that have no readiness of their own are ready once they are there,
    which the stack's state says.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    kinds = {workload.kind for workload in workloads} & _PROBLEMS.keys()
    live = {kind: _listed(cluster, kind) for kind in kinds}
    found = {
        workload: _problem(workload, live[workload.kind])
        for workload in workloads
        if workload.kind in kinds
    }
    return {workload: problem for workload, problem in found.items() if problem}


def _listed(cluster: Cluster, kind: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (item["metadata"].get("namespace", ""), item["metadata"]["name"]): item
        for item in cluster.list(_API_VERSIONS[kind], kind)
    }


def _problem(workload: Workload, live: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    found = live.get((workload.namespace, workload.name))
    if found is None:
        return f"{workload} is not there"
    return _PROBLEMS[workload.kind](workload, found)


def _replicas(workload: Workload, live: Mapping[str, Any]) -> str:
    wanted = live["spec"].get("replicas", 1)
    status = live.get("status", {})
    ready = status.get("readyReplicas", 0)
    observed = status.get("observedGeneration", 0) >= live["metadata"].get("generation", 0)
    current = status.get("updatedReplicas", 0) >= wanted and ready >= wanted
    return "" if observed and current else f"{workload}: {ready} of {wanted} replicas ready"


def _daemons(workload: Workload, live: Mapping[str, Any]) -> str:
    status = live.get("status", {})
    wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    return "" if ready >= wanted else f"{workload}: {ready} of {wanted} pods ready"


def _active(workload: Workload, live: Mapping[str, Any]) -> str:
    phase = live.get("status", {}).get("phase", "Active")
    return "" if phase == "Active" else f"{workload} is {phase}"


_PROBLEMS: Mapping[str, Callable[[Workload, Mapping[str, Any]], str]] = {
    "DaemonSet": _daemons,
    "Deployment": _replicas,
    "Namespace": _active,
    "StatefulSet": _replicas,
}
_API_VERSIONS = {
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "Namespace": "v1",
    "StatefulSet": "apps/v1",
}
