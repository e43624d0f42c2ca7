"""What runs where: each stack's components, their versions, and whether they are ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sluice.cluster import Cluster
from sluice.engine import Engine, Resource
from sluice.liveness import Workload, unready
from sluice.repository import Repository

__all__ = ["Row", "inventory"]

_RELEASE = "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True)
class Row:
    """A component that runs.

    Attributes:
        stack: its stack.
        component: its name.
        kind: its class, such as `HelmRelease`.
        version: its chart's version or its image's tag; `-` where it has none.
        ready: whether its workloads are, on the cluster, now.
        message: what is not ready.
        commit: the commit that was deployed last.

    """

    stack: str
    component: str
    kind: str
    version: str
    ready: bool
    message: str
    commit: str

    def as_dict(self) -> dict[str, Any]:
        """Return the row's fields."""
        return asdict(self)


def inventory(repository: Repository, stack: str) -> list[Row]:
    """Return a row for each component of a stack's state, with what the cluster says of it."""
    engine = Engine(repository, stack)
    resources = engine.resources()
    components = [resource for resource in resources if _is_component(resource)]
    children = {component.urn: _below(component.urn, resources) for component in components}
    workloads = {urn: _workloads(below) for urn, below in children.items()}
    wanted = [workload for below in workloads.values() for workload in below]
    problems = unready(Cluster.of(repository, stack), wanted)
    commit = engine.commit()
    rows = [
        _row(stack, component, children[component.urn], workloads[component.urn], problems, commit)
        for component in components
    ]
    return sorted(rows, key=lambda row: (row.kind, row.component))


def _row(
    stack: str,
    component: Resource,
    children: Sequence[Resource],
    workloads: Sequence[Workload],
    problems: Mapping[Workload, str],
    commit: str,
) -> Row:
    messages = [problems[workload] for workload in workloads if workload in problems]
    return Row(
        stack=stack,
        component=component.name,
        kind=component.type.rpartition(":")[2],
        version=_version(component),
        ready=not messages,
        message="; ".join(messages) or _counted(children),
        commit=commit,
    )


def _is_component(resource: Resource) -> bool:
    return resource.type.startswith("sluice:") and not resource.type.startswith(
        "sluice:environment:"
    )


def _below(urn: str, resources: Sequence[Resource]) -> list[Resource]:
    direct = [resource for resource in resources if resource.parent == urn]
    return [
        *(resource for resource in direct if not _is_component(resource)),
        *(deeper for resource in direct for deeper in _below(resource.urn, resources)),
    ]


def _version(component: Resource) -> str:
    outputs = component.outputs
    if "image" in outputs:
        image = str(outputs["image"]).partition("@")[0]
        return image.rpartition("/")[2].partition(":")[2] or "-"
    return str(outputs.get("version") or "-")


def _workloads(children: Sequence[Resource]) -> list[Workload]:
    return [workload for child in children for workload in _workloads_of(child)]


def _workloads_of(child: Resource) -> list[Workload]:
    if child.type == _RELEASE:
        names = child.outputs.get("resourceNames") or {}
        namespace = str(child.outputs.get("namespace") or "")
        return [
            _of_release(kind.partition(".")[0].partition("/")[0], path, namespace)
            for kind, paths in names.items()
            for path in paths
        ]
    kind = child.type.rpartition(":")[2]
    metadata = child.outputs.get("metadata") or {}
    if not metadata:
        return []
    return [Workload(kind, metadata.get("namespace") or "", str(metadata.get("name")))]


def _of_release(kind: str, path: str, release_namespace: str) -> Workload:
    namespace, _, name = path.rpartition("/")
    # A chart need not say the namespace, and then means the release's.
    usual = "" if kind == "Namespace" else release_namespace
    return Workload(kind, namespace or usual, name)


def _counted(children: Sequence[Resource]) -> str:
    releases = [child for child in children if child.type == _RELEASE]
    if releases:
        names = (child.outputs.get("resourceNames") or {} for child in releases)
        count = sum(len(paths) for by_kind in names for paths in by_kind.values())
    else:
        count = len(children)
    return f"{count} object{'' if count == 1 else 's'}" if count else ""
