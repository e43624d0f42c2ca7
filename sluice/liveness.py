"""Whether workloads are ready on their cluster, by one list request a kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import kr8s

from components.errors import SluiceError

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


def unready(context: str, kubeconfig: str, workloads: Collection[Workload]) -> dict[Workload, str]:
    """Return what is wrong with each workload that is not ready.

    An empty `kubeconfig` is the usual one.

    Kinds that have no readiness of their own are ready once they are there,
    which the stack's state says.

    Raises:
        SluiceError: where the cluster cannot be asked.

    """
    kinds = {workload.kind for workload in workloads} & _PROBLEMS.keys()
    try:
        api = kr8s.api(context=context, kubeconfig=kubeconfig or None)
        live = {kind: _listed(api, kind) for kind in kinds}
    except (kr8s.ServerError, kr8s.APITimeoutError, ValueError, OSError) as error:
        raise SluiceError(f"context {context}: the cluster cannot be asked: {error}") from error
    found = {
        workload: _problem(workload, live[workload.kind])
        for workload in workloads
        if workload.kind in kinds
    }
    return {workload: problem for workload, problem in found.items() if problem}


def _listed(api: Any, kind: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (item.raw["metadata"].get("namespace", ""), item.raw["metadata"]["name"]): item.raw
        for item in api.get(kind, namespace=kr8s.ALL)
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
