"""Why the pods of what an update waits for are not ready, in Kubernetes' own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sluice.kubernetes.cluster import Cluster

__all__ = ["problem_of", "unready"]

Manifest = Mapping[str, Any]

_WORKLOADS: Final = {
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "Job": "batch/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
}
RELEASE: Final = "Release"
_RELEASE_OF: Final = "meta.helm.sh/release-name"
# What every pod passes through, and says nothing of what is wrong.
_ON_ITS_WAY: Final = ("ContainerCreating", "PodInitializing")


def unready(cluster: Cluster, kind: str, namespace: str, name: str) -> str:
    """Return which pod of a workload or a Helm release is not ready and why; empty where none is.

    Of a kind that has no pods, there is nothing to say either.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    workloads = [*_workloads(cluster, kind, namespace, name)]
    found = [
        (pod, problem)
        for pod in _pods(cluster, kind, namespace, name, workloads)
        if (problem := problem_of(pod))
    ]
    if not found:
        return next(filter(None, map(_without_pods, workloads)), "")
    # What is only on its way is not what it waits for.
    pod, problem = min(found, key=lambda each: each[1].endswith(_ON_ITS_WAY))
    pod_name = pod["metadata"]["name"]
    if problem == _PROBED:
        problem = _last_warning(cluster, namespace, pod_name) or problem
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f"pod {pod_name}: {' '.join(problem.split())}{more}"


def problem_of(pod: Manifest) -> str:
    """Return why a pod is not ready; empty where it is, or has done its work."""
    status = pod.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    if status.get("phase") == "Succeeded" or _is(conditions, "Ready", "True"):
        return ""
    if pod["metadata"].get("deletionTimestamp"):
        return "being deleted"
    if status.get("phase") == "Failed":
        return _said(status, "Failed")
    if _is(conditions, "PodScheduled", "False"):
        return _said(conditions["PodScheduled"], "Unschedulable")
    return next(_of_containers(status), "") or _of_phase(status)


_PROBED: Final = "its containers run, and their readiness probes do not succeed"


def _of_phase(status: Manifest) -> str:
    containers = status.get("containerStatuses") or ()
    if containers and all("running" in (each.get("state") or {}) for each in containers):
        return _PROBED
    return str(status.get("phase") or "Pending")


def _of_containers(status: Manifest) -> Iterator[str]:
    """Yield what is wrong with the containers, what is only on its way last."""
    waiting: list[str] = []
    for part in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(part) or ():
            state = each.get("state") or {}
            if (ended := state.get("terminated")) and ended.get("exitCode"):
                yield f"container {each['name']}: {_ended(ended)}"
            elif stopped := state.get("waiting"):
                reason = str(stopped.get("reason") or "")
                if reason in _ON_ITS_WAY:
                    waiting.append(reason)
                    continue
                last = (each.get("lastState") or {}).get("terminated")
                said = f"{reason}: {_ended(last)}" if last else _said(stopped, reason)
                again = each.get("restartCount") or 0
                times = f", restarted {again} times" if again > 1 else ""
                yield f"container {each['name']}: {said}{times}"
    yield from waiting


def _ended(ended: Manifest) -> str:
    reason = ended.get("reason")
    named = f" ({reason})" if reason not in (None, "Error") else ""
    return f"ended with exit code {ended.get('exitCode')}{named}"


def _said(what: Manifest, otherwise: str) -> str:
    reason, message = what.get("reason") or otherwise, what.get("message")
    return f"{reason}: {message}" if message else str(reason)


def _is(conditions: Mapping[str, Manifest], kind: str, status: str) -> bool:
    return kind in conditions and conditions[kind].get("status") == status


def _workloads(cluster: Cluster, kind: str, namespace: str, name: str) -> Iterator[Manifest]:
    if kind in _WORKLOADS:
        found = cluster.get(_WORKLOADS[kind], kind, namespace, name)
        if found is not None:
            yield found
    elif kind == RELEASE:
        for each, api_version in _WORKLOADS.items():
            if each != "ReplicaSet":
                for found in cluster.list(api_version, each, namespace=namespace):
                    if (found["metadata"].get("annotations") or {}).get(_RELEASE_OF) == name:
                        yield found


def _pods(
    cluster: Cluster, kind: str, namespace: str, name: str, workloads: Sequence[Manifest]
) -> Iterator[Manifest]:
    if kind == "Pod" and (pod := cluster.get("v1", "Pod", namespace, name)):
        yield pod
    for each in workloads:
        yield from cluster.list("v1", "Pod", namespace=namespace, labels=_selector(each))


def _selector(workload: Manifest) -> str:
    selector = workload["spec"]["selector"]
    equal = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*equal, *map(_expression, selector.get("matchExpressions") or ())])


def _expression(expression: Manifest) -> str:
    key, operator = expression["key"], expression["operator"]
    if operator in ("In", "NotIn"):
        return f"{key} {operator.lower()} ({','.join(expression['values'])})"
    return f"!{key}" if operator == "DoesNotExist" else str(key)


def _without_pods(workload: Manifest) -> str:
    """Return why a workload has no pods, such as a quota."""
    for each in (workload.get("status") or {}).get("conditions") or ():
        if each["type"] == "ReplicaFailure" and each["status"] == "True":
            return " ".join(_said(each, "ReplicaFailure").split())
    return ""


def _last_warning(cluster: Cluster, namespace: str, pod: str) -> str:
    selector = f"involvedObject.kind=Pod,involvedObject.name={pod},type=Warning"
    events, _ = cluster.listed("v1", "Event", namespace=namespace, fields=selector)
    newest = max(events, key=lambda each: str(each.get("lastTimestamp") or ""), default=None)
    return _said(newest, "Unhealthy") if newest else ""
