"""Whose an object is: by the stack's state, by its owners on the cluster, or by Helm's marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.inventory.component import Component, Owned
from sluice.inventory.deployed import Deployed
from sluice.kubernetes.cluster import Cluster

__all__ = ["Ownership", "owners_of"]

_HELM = "meta.helm.sh/release-"


@dataclass(frozen=True)
class Ownership:
    """The component that an object belongs to.

    Attributes:
        object: the object, as it is called: `Pod shop/web-1`.
        component: whose it is.
        release: the Helm release that it belongs to, `namespace/name`; empty where to none.
        through: what owns it on the cluster, nearest first, up to what the stack owns.

    """

    object: str
    component: Component
    release: str
    through: tuple[str, ...] = ()


def owners_of(
    deployed: Deployed, cluster: Cluster, kind: str, namespace: str, name: str
) -> list[Ownership]:
    """Return whose the objects of that kind and name are; empty where not the stack's.

    `kind` in any case, singular or plural, with its group or without; an empty
    namespace is any. The cluster is asked only where the state does not say.
    """
    wanted = _singular(kind)
    # A component may consist of others, whose objects are its own too: the inner one declares it.
    inner_last = sorted(deployed.components, key=lambda each: -len(each.objects))
    objects = {
        owned: Ownership(str(owned), component, owned.release)
        for component in inner_last
        for owned in component.objects
        if (_singular(owned.kind), owned.name) == (wanted, name)
        and namespace in ("", owned.namespace)
    }
    components = [
        Ownership(f"{component.kind} {name}", component, "")
        for component in deployed.components
        if (_singular(component.kind), component.name) == (wanted, name)
    ]
    return list(objects.values()) or components or _live(deployed, cluster, wanted, namespace, name)


def _live(
    deployed: Deployed, cluster: Cluster, kind: str, namespace: str, name: str
) -> list[Ownership]:
    found = [
        _by_owners(deployed, cluster, live)
        for served in cluster.kinds(kind)
        for live in cluster.list(*served, namespace=namespace)
        if live["metadata"]["name"] == name
    ]
    return [ownership for ownership in found if ownership is not None]


def _by_owners(deployed: Deployed, cluster: Cluster, live: Mapping[str, Any]) -> Ownership | None:
    title, through = _title(live), list[str]()
    while True:
        known = _declared(deployed, live)
        owner = None if known else _owner(cluster, live)
        if owner is None:
            # Last, because a ReplicaSet has the annotations of its Deployment.
            known = known or _by_helm(deployed, live)
            return Ownership(title, *known, tuple(through)) if known else None
        live = owner
        through.append(_title(live))


def _declared(deployed: Deployed, live: Mapping[str, Any]) -> tuple[Component, str] | None:
    metadata = live["metadata"]
    key = (live["kind"], metadata.get("namespace", ""), metadata["name"])
    for component in sorted(deployed.components, key=lambda each: len(each.objects)):
        for owned in component.objects:
            if (owned.kind, owned.namespace, owned.name) == key:
                return component, owned.release
    return None


def _by_helm(deployed: Deployed, live: Mapping[str, Any]) -> tuple[Component, str] | None:
    marks = live["metadata"].get("annotations") or {}
    release = f"{marks.get(f'{_HELM}namespace')}/{marks.get(f'{_HELM}name')}"
    for component in deployed.components:
        if any(owned.release == release for owned in component.objects):
            return component, release
    return None


def _owner(cluster: Cluster, live: Mapping[str, Any]) -> Mapping[str, Any] | None:
    metadata = live["metadata"]
    for owner in metadata.get("ownerReferences") or ():
        namespace = metadata.get("namespace", "")
        found = cluster.get(owner["apiVersion"], owner["kind"], namespace, owner["name"])
        if found is not None:
            return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], **found}
    return None


def _title(live: Mapping[str, Any]) -> str:
    metadata = live["metadata"]
    namespace = metadata.get("namespace", "")
    return str(Owned(live["apiVersion"], live["kind"], namespace, metadata["name"]))


def _singular(kind: str) -> str:
    word = kind.lower().partition(".")[0]
    return word.removesuffix("ies") + "y" if word.endswith("ies") else word.removesuffix("s")
