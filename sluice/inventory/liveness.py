"""What the cluster says of the objects that a stack owns, by one list request a kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from components.errors import SluiceError
from sluice.inventory.component import Owned
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.readiness import Manifest, Status, status_of

__all__ = ["Live"]

Kind = tuple[str, str]

_AT_ONCE = 4
# What controllers make of a workload, and people look for below it.
_MADE: Collection[Kind] = (("apps/v1", "ReplicaSet"), ("batch/v1", "Job"), ("v1", "Pod"))


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


def _is_history(live: Manifest) -> bool:
    return live["kind"] == "ReplicaSet" and not live["spec"].get("replicas")
