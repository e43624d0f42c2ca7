"""What a stack touches on its cluster: what it declares, and what its state has, to be removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.core.tenant import Tenant
from sluice.backend.secret_values import RELEASE
from sluice.declaration.desired import DesiredState
from sluice.declaration.helm import capabilities
from sluice.declaration.rendering import rendering
from sluice.errors import RepositoryError
from sluice.inventory.component import components
from sluice.kubernetes.cluster import Cluster
from sluice.security.permissions import Need

__all__ = ["Granted", "StackNeeds", "stack_needs"]

Kind = tuple[str, str]
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Granted:
    """What the stack's own roles give to others, which who applies them has to hold.

    Attributes:
        rules: the rules of its roles, by namespace; the cluster roles' by the empty one.
        bound: the roles that it binds: namespace of the binding, `roles` or `clusterroles`, name.
        aggregated: its cluster roles that gather the rules of others, whichever these are.

    """

    rules: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    bound: frozenset[tuple[str, str, str]] = frozenset()
    aggregated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class StackNeeds:
    """What a stack touches.

    Attributes:
        needs: the objects.
        releases: its Helm releases, `namespace/name`.
        granted: what its roles give.
        tenants: its tenants, whose accounts it deploys as.
        unguarded: the API groups of its cluster that other servers answer.

    """

    needs: frozenset[Need]
    releases: frozenset[str]
    granted: Granted
    tenants: frozenset[str] = frozenset()
    unguarded: frozenset[str] = frozenset()

    @property
    def namespaces(self) -> list[str]:
        """Where its objects are."""
        return sorted({each.namespace for each in self.needs if each.namespace})


def stack_needs(desired: DesiredState) -> StackNeeds:
    """Return what a stack touches, by what is declared in the working tree and by its state.

    Raises:
        DeclarationError: where a declaration is wrong.
        RepositoryError: where nobody knows what kind an object is of.
        ApiError: where the cluster cannot be asked.

    """
    stack, cluster, found = desired.stack, desired.cluster, desired.declaration
    rendered = rendering(stack.repository, found, capabilities(cluster))
    manifests = [each.content for each in rendered.manifests]
    kinds = _Kinds(cluster, manifests)
    needs = {kinds.need(each.content, release=bool(each.release)) for each in rendered.manifests}
    needs |= {
        Need("", "namespaces", "", str(each.inputs["namespace"]), release=True)
        for each in found.resources
        if each.type == RELEASE and each.inputs.get("createNamespace")
    }
    deployed = components(stack.state().resources())
    owned = [each for component in deployed for each in component.objects]
    needs |= {
        kinds.need(
            {
                "apiVersion": each.api_version,
                "kind": each.kind,
                "metadata": {"name": each.name, "namespace": each.namespace},
            },
            release=bool(each.release),
        )
        for each in owned
        if kinds.knows(each.api_version, each.kind)
    }
    releases = {*rendered.releases, *(each.release for each in owned if each.release)}
    tenants = frozenset(each.name for each in found.components if isinstance(each, Tenant))
    return StackNeeds(
        *(frozenset(needs), frozenset(releases), _granted(manifests), tenants),
        unguarded=frozenset(_answered_elsewhere(cluster)),
    )


class _Kinds:
    """The kinds of the cluster, and of the custom resources that the stack itself defines."""

    def __init__(self, cluster: Cluster, manifests: Iterable[Mapping[str, Any]]) -> None:
        self._cluster = cluster
        self._defined = dict(_defined(manifests))

    def knows(self, api_version: str, kind: str) -> bool:
        return self._cluster.serves(api_version, kind) or (api_version, kind) in self._defined

    def need(self, manifest: Mapping[str, Any], *, release: bool) -> Need:
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        metadata = manifest["metadata"]
        resource, namespaced = self._found(api_version, kind)
        namespace = str(metadata.get("namespace") or "default") if namespaced else ""
        group = api_version.rpartition("/")[0]
        return Need(group, resource, namespace, str(metadata["name"]), release)

    def _found(self, api_version: str, kind: str) -> tuple[str, bool]:
        if self._cluster.serves(api_version, kind):
            resource = self._cluster.resource(api_version, kind)
            return resource, self._cluster.namespaced(api_version, kind)
        if (api_version, kind) in self._defined:
            return self._defined[api_version, kind]
        raise RepositoryError(
            f"context {self._cluster.context} serves no {api_version} {kind}, and the stack "
            "defines none: whether it is the cluster's or a namespace's is not known; install its "
            "CustomResourceDefinition first"
        )


def _answered_elsewhere(cluster: Cluster) -> Iterator[str]:
    for each in cluster.list("apiregistration.k8s.io/v1", "APIService"):
        if each["spec"].get("service"):
            yield str(each["spec"]["group"])


def _defined(manifests: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Kind, tuple[str, bool]]]:
    for each in manifests:
        if each["kind"] == "CustomResourceDefinition":
            spec = each["spec"]
            for version in spec.get("versions") or ():
                kind = (f"{spec['group']}/{version['name']}", str(spec["names"]["kind"]))
                yield kind, (str(spec["names"]["plural"]), spec["scope"] == "Namespaced")


def _granted(manifests: Sequence[Mapping[str, Any]]) -> Granted:
    rules: dict[str, list[Mapping[str, Any]]] = {}
    bound, aggregated = set(), set()
    for each in manifests:
        if not str(each["apiVersion"]).startswith(f"{_RBAC}/"):
            continue
        kind, metadata = str(each["kind"]), each["metadata"]
        namespace = "" if kind.startswith("Cluster") else str(metadata.get("namespace") or "")
        if kind in ("Role", "ClusterRole"):
            rules.setdefault(namespace, []).extend(each.get("rules") or ())
        if each.get("aggregationRule"):
            aggregated.add(str(metadata["name"]))
        if role := each.get("roleRef"):
            bound.add((namespace, f"{str(role['kind']).lower()}s", str(role["name"])))
    return Granted(rules, frozenset(bound), frozenset(aggregated))
