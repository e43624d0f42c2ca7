"""What is on the cluster: the objects of some kinds, by one list request for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sluice.drift.owned import OwnedObject
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import FORBIDDEN, Object

__all__ = ["Listing", "list_live", "place"]

_AT_ONCE = 4
# Each revision of each release holds a whole chart.
_FIELDS = {("v1", "Secret"): "type!=helm.sh/release.v1"}


@dataclass(frozen=True)
class Listing:
    """The live objects of one kind.

    Attributes:
        api_version: the kind's API version.
        kind: the kind.
        namespace: where they are; empty for all namespaces.
        objects: the objects by namespace and name.
        version: the resource version to watch them from; empty where the kind is not served,
            or may not be listed as a whole.

    """

    api_version: str
    kind: str
    namespace: str
    objects: dict[tuple[str, str], Object]
    version: str


def list_live(cluster: Cluster, declared: Iterable[OwnedObject]) -> dict[tuple[str, str], Listing]:
    """Return the live objects of each kind that is declared.

    Raises:
        ApiError: where the cluster cannot be asked, or does not let us list a kind.

    """
    places: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for each in declared:
        places[each.api_version, each.kind].add(place(cluster, each))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        listings = pool.map(lambda kind: _listed(cluster, kind, places[kind]), places)
        return {(each.api_version, each.kind): each for each in listings}


def place(cluster: Cluster, declared: OwnedObject) -> tuple[str, str]:
    """Return an object's namespace, empty where its kind has none, and its name."""
    namespaced = cluster.namespaced(declared.api_version, declared.kind)
    return (declared.namespace or "default") if namespaced else "", declared.name


def _listed(
    cluster: Cluster, what: tuple[str, str], places: Collection[tuple[str, str]]
) -> Listing:
    api_version, kind = what
    namespaces = {inside for inside, _ in places}
    namespace = next(iter(namespaces)) if len(namespaces) == 1 else ""
    if not cluster.serves(api_version, kind):
        return Listing(api_version, kind, namespace, {}, "")
    fields = _FIELDS.get((api_version, kind), "")
    try:
        items, version = cluster.listed(api_version, kind, namespace=namespace, fields=fields)
    except ApiError as error:
        if error.status != FORBIDDEN:
            raise
        items, version = cluster.named(api_version, kind, places), ""
    return Listing(api_version, kind, namespace, _by_place(items), version)


def _by_place(items: Sequence[Object]) -> dict[tuple[str, str], Object]:
    return {
        (each["metadata"].get("namespace", ""), each["metadata"]["name"]): each for each in items
    }
