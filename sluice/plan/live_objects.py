"""The live objects that a comparison needs, listed once, and what is missing for others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from components.lib.manifests.identity import Identity
from sluice.declaration.rendering import Manifest
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import Object

__all__ = ["WORKERS", "LiveObjects", "declarable", "reason_of"]

WORKERS = 4
"""How many requests are under way at once."""

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# What the server writes into every object; nobody declares it.
_SERVERS: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)


class LiveObjects:
    """What a cluster has of some objects.

    Attributes:
        cluster: the cluster.
        unread: why objects may not be read.

    """

    def __init__(
        self, cluster: Cluster, declared: Sequence[Manifest], others: Collection[Identity] = ()
    ) -> None:
        """List what is declared, some other objects, and what scales in their namespaces.

        Raises:
            ApiError: where the cluster cannot be asked.

        """
        self.cluster = cluster
        self.unread: dict[Identity, str] = {}
        self._declared = [each.content for each in declared]
        wanted: dict[tuple[str, str, str], set[tuple[str, str]]] = defaultdict(set)
        for each in (*(manifest.identity for manifest in declared), *others):
            wanted[_place(each)].add((each.namespace, each.name))
        with ThreadPoolExecutor(WORKERS) as pool:
            listed = pool.map(self._listed, wanted, wanted.values())
            self._live = dict(zip(wanted, listed, strict=True))
        self._autoscaled = self._targets({namespace for *_, namespace in wanted if namespace})

    def find(self, identity: Identity) -> Object | None:
        """Return an object as it is live, or None where it is not there."""
        return self._live[_place(identity)].get(identity.name)

    def is_autoscaled(self, identity: Identity) -> bool:
        """Whether a HorizontalPodAutoscaler sets the object's replicas."""
        return (identity.kind, identity.namespace, identity.name) in self._autoscaled

    def missing(self, identity: Identity) -> str:
        """Say what the object cannot do without and nothing declared makes."""
        if not self.cluster.serves(identity.api_version, identity.kind):
            kinds = (
                (each["spec"]["group"], each["spec"]["names"]["kind"])
                for each in self._declared
                if each["kind"] == "CustomResourceDefinition"
            )
            made = (identity.group, identity.kind) in kinds
            return "" if made else f"the cluster does not serve {identity.api_version}"
        made = any(
            each["kind"] == "Namespace" and each["metadata"]["name"] == identity.namespace
            for each in self._declared
        )
        return "" if made else f"the namespace {identity.namespace} is not there"

    def _listed(
        self, place: tuple[str, str, str], wanted: Collection[tuple[str, str]]
    ) -> dict[str, Object]:
        def unread(namespace: str, name: str, error: ApiError) -> None:
            self.unread[Identity(*place[:2], namespace, name)] = reason_of(error, self.cluster)

        objects = self.cluster.named(*place[:2], wanted, unread=unread)
        return {each["metadata"]["name"]: each for each in objects}

    def _targets(self, namespaces: Collection[str]) -> set[tuple[str, str, str]]:
        """Return kind, namespace and name of what is autoscaled."""
        scalers = self.cluster.list_in(
            *("autoscaling/v2", "HorizontalPodAutoscaler", namespaces),
            # In a namespace that is new to the account there is none yet.
            unread=lambda _namespace, _error: None,
        )
        return {
            (target["kind"], each["metadata"]["namespace"], target["name"])
            for each in scalers
            for target in [each["spec"]["scaleTargetRef"]]
        }


def declarable(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without its status and what the server writes into it."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVERS}
    annotations = {
        key: value
        for key, value in (metadata.pop("annotations", None) or {}).items()
        if key != _LAST_APPLIED
    }
    if annotations:
        metadata["annotations"] = annotations
    content = {key: value for key, value in live.items() if key != "status"}
    return {**content, "metadata": metadata}


def reason_of(error: ApiError, cluster: Cluster) -> str:
    """Return what an error says, without the context, which is the same for all of them."""
    return str(error).removeprefix(f"context {cluster.context}: ")


def _place(identity: Identity) -> tuple[str, str, str]:
    return identity.api_version, identity.kind, identity.namespace
