"""What a stack's state says is deployed: its components, their objects, their needs.

Pure: from the resources of `StackState.resources` to typed records. What the
cluster says of the objects is in `sluice.inventory.liveness`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluice.backend.secret_values import RELEASE
from sluice.backend.state import Resource

__all__ = ["Component", "Owned", "components", "with_dependencies"]

_ENVIRONMENT = "sluice:environment:Environment"


@dataclass(frozen=True, order=True)
class Owned:
    """An object that a stack owns.

    Attributes:
        api_version: such as `apps/v1`.
        kind: such as `Deployment`.
        namespace: empty where it is cluster-scoped.
        name: its name.
        release: the Helm release that it belongs to, `namespace/name`; empty
            where the stack declares the object itself.

    """

    api_version: str
    kind: str
    namespace: str
    name: str
    release: str = ""

    def __str__(self) -> str:
        path = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {path}"


@dataclass(frozen=True)
class Component:
    """A deployed component.

    Attributes:
        name: its name.
        kind: its class, such as `HelmRelease`.
        version: its chart's version or its image's tag; empty where it has none.
        source: where that comes from: a URL, an image, a chart; empty where nowhere.
        created: when it was first deployed.
        where: the file and line that declares it, as deployed: `stacks/base.py:42`.
        needs: the components that it waits for or takes its chart from: `namespace/shop`.
        objects: what it owns, by kind and name.

    """

    name: str
    kind: str
    version: str
    source: str
    created: datetime | None
    where: str
    needs: tuple[str, ...]
    objects: tuple[Owned, ...]

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


def components(resources: Sequence[Resource]) -> list[Component]:
    """Return the components of a stack's state, by kind and name."""
    state = _State(resources)
    found = [_component(resource, state) for resource in resources if _is_component(resource)]
    return sorted(found, key=lambda component: (component.kind, component.name))


class _State:
    """The resources, each known to the component that it lies in."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        by_urn = {resource.urn: resource for resource in resources}
        self.below: dict[str, list[Resource]] = {}
        self.owner: dict[str, Resource] = {}
        for resource in resources:
            owner = by_urn.get(resource.parent)
            while owner is not None and not _is_component(owner):
                owner = by_urn.get(owner.parent)
            if _is_component(resource):
                self.owner[resource.urn] = resource
            elif owner is not None:
                self.owner[resource.urn] = owner
            if owner is not None:
                self.below.setdefault(owner.urn, []).append(resource)

    def inside(self, component: Resource) -> Iterator[Resource]:
        """Yield what lies below a component, inside the components that it consists of too."""
        for resource in self.below.get(component.urn, []):
            yield resource
            if _is_component(resource):
                yield from self.inside(resource)


def _component(resource: Resource, state: _State) -> Component:
    inside = list(state.inside(resource))
    objects = [owned for child in inside for owned in _objects(child)]
    return Component(
        name=resource.name,
        kind=resource.type.rpartition(":")[2],
        version=_version(resource.outputs),
        source=_source(resource.outputs),
        created=resource.created,
        where=resource.where,
        needs=tuple(sorted(_needs(resource, inside, state))),
        objects=tuple(sorted(objects, key=lambda owned: (owned.kind, owned.namespace, owned.name))),
    )


def _is_component(resource: Resource) -> bool:
    return resource.type.startswith("sluice:") and resource.type != _ENVIRONMENT


def _needs(resource: Resource, inside: Sequence[Resource], state: _State) -> set[str]:
    urns = {urn for each in (resource, *inside) for urn in each.dependencies}
    own = {resource.urn, *(each.urn for each in inside)}
    owners = {_title(state.owner[urn]) for urn in urns - own if urn in state.owner}
    repository = resource.outputs.get("repository")
    return owners | ({str(repository)} if repository else set())


def _title(component: Resource) -> str:
    return f"{component.type.rpartition(':')[2].lower()}/{component.name}"


def _version(outputs: Mapping[str, object]) -> str:
    if "image" in outputs:
        image = str(outputs["image"]).partition("@")[0]
        return image.rpartition("/")[2].partition(":")[2]
    return str(outputs.get("version") or "")


def _source(outputs: Mapping[str, object]) -> str:
    names = (outputs.get(key) for key in ("image", "url", "chart", "path"))
    return str(next(filter(None, names), ""))


def _objects(resource: Resource) -> list[Owned]:
    if resource.type == RELEASE:
        return [*_of_release(resource)]
    metadata = resource.outputs.get("metadata") or resource.inputs.get("metadata")
    if resource.external or not resource.type.startswith("kubernetes:") or not metadata:
        return []
    _, group, kind = resource.type.split(":")
    return [
        Owned(
            api_version=group.removeprefix("core/"),
            kind=kind,
            namespace=str(metadata.get("namespace") or ""),
            name=str(metadata["name"]),
        )
    ]


def _of_release(release: Resource) -> Iterator[Owned]:
    namespace, name = (str(release.outputs.get(key) or "") for key in ("namespace", "name"))
    for gvk, paths in (release.outputs.get("resourceNames") or {}).items():
        # StatefulSet.apps/apps/v1, ConfigMap/v1
        group_kind, _, api_version = gvk.partition("/")
        for path in paths:
            yield _child(group_kind.partition(".")[0], api_version, path, f"{namespace}/{name}")


_CLUSTER_SCOPED = ("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace")


def _child(kind: str, api_version: str, path: str, release: str) -> Owned:
    namespace, _, name = path.rpartition("/")
    # A chart need not say the namespace, and then means the release's.
    usual = "" if kind in _CLUSTER_SCOPED else release.partition("/")[0]
    return Owned(api_version, kind, namespace or usual, name, release)


def with_dependencies(
    deployed: Sequence[Component], kinds: Collection[str], name: str
) -> list[str]:
    """Return the names of the component and of what it waits for; empty where it is not there."""
    known = {str(component): component for component in deployed}
    wanted = [title for title, each in known.items() if each.name == name and each.kind in kinds]
    found: dict[str, Component] = {}
    while wanted:
        title = wanted.pop()
        if title in known and title not in found:
            found[title] = known[title]
            wanted.extend(known[title].needs)
    return list(dict.fromkeys(component.name for component in found.values()))
