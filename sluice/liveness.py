"""What the cluster says of the objects that a stack owns, by one list request a kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from components.errors import SluiceError
from sluice.cluster import Cluster
from sluice.inventory import Owned

__all__ = ["Live", "Status", "status_of"]

Manifest = Mapping[str, Any]
Kind = tuple[str, str]

_AT_ONCE = 4
# What controllers make of a workload, and people look for below it.
_MADE: Collection[Kind] = (("apps/v1", "ReplicaSet"), ("batch/v1", "Job"), ("v1", "Pod"))


@dataclass(frozen=True)
class Status:
    """How an object is.

    Attributes:
        ready: whether it does what it is for; None where the cluster could not be asked.
        message: what is wrong, or how far it is; empty where there is nothing to say.

    """

    ready: bool | None
    message: str = ""


class Live:
    """The live objects of the kinds that a stack owns, as they were at one moment."""

    def __init__(self, listed: Mapping[Kind, Collection[Manifest] | str]) -> None:
        """Take the objects of each kind, or why they could not be listed."""
        self._problems = {kind: found for kind, found in listed.items() if isinstance(found, str)}
        self._objects: dict[tuple[str, str, str, str], Manifest] = {}
        self._children: dict[str, list[Manifest]] = {}
        for kind, found in listed.items():
            for live in () if isinstance(found, str) else found:
                metadata = live["metadata"]
                self._objects[*kind, metadata.get("namespace", ""), metadata["name"]] = live
                for owner in metadata.get("ownerReferences") or ():
                    self._children.setdefault(owner["uid"], []).append(live)

    @classmethod
    def of(cls, cluster: Cluster, owned: Iterable[Owned], *, made: bool = False) -> Live:
        """List the kinds of the objects; with `made`, what controllers make of workloads too."""
        places: dict[Kind, set[tuple[str, str]]] = {kind: set() for kind in _MADE if made}
        owned = list(owned)
        for each in owned:
            kind = (each.api_version, each.kind)
            inside = each.namespace if cluster.namespaced(*kind) else ""
            places.setdefault(kind, set()).add((inside, each.name))
        namespaces = {each.namespace for each in owned if each.namespace}

        def listed(kind: Kind) -> Collection[Manifest] | str:
            try:
                if kind in _MADE and made:
                    found: Collection[Manifest] = cluster.list_in(*kind, namespaces)
                else:
                    found = cluster.named(*kind, places[kind])
            except SluiceError as error:
                return str(error)
            return found

        order = sorted(places)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return cls(dict(zip(order, pool.map(listed, order), strict=True)))

    @classmethod
    def unknown(cls, owned: Iterable[Owned], why: str) -> Live:
        """Return what is known of objects on a cluster that cannot be used."""
        return cls({(each.api_version, each.kind): why for each in owned})

    def manifest(self, owned: Owned) -> Manifest | None:
        """Return the live object; None where it is not there."""
        key = (owned.api_version, owned.kind)
        found = self._objects.get((*key, owned.namespace, owned.name))
        # A chart's cluster-scoped object looks as if it were in the release's namespace.
        return found or self._objects.get((*key, "", owned.name))

    def status(self, owned: Owned) -> Status:
        """Return how an object is."""
        problem = self._problems.get((owned.api_version, owned.kind))
        if problem is not None:
            return Status(None, problem)
        live = self.manifest(owned)
        return Status(False, "not there") if live is None else status_of(live)

    def children(self, live: Manifest) -> list[Manifest]:
        """Return what controllers made of an object and still use, by kind and name."""
        found = self._children.get(live["metadata"].get("uid", ""), [])
        used = [child for child in found if not _is_history(child)]
        return sorted(used, key=lambda child: (child["kind"], child["metadata"]["name"]))


def status_of(live: Manifest) -> Status:
    """Return how a live object is, by its kind's own rules or else by its conditions."""
    if live["metadata"].get("deletionTimestamp"):
        return Status(False, "being deleted")
    return _STATUS.get(live["kind"], _by_conditions)(live, live.get("status") or {})


def _is_history(live: Manifest) -> bool:
    return live["kind"] == "ReplicaSet" and not live["spec"].get("replicas")


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
