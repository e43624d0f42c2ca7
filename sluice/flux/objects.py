"""What all of Flux's objects share: their form, references, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.base.component import Component
from components.core.namespace import name_of
from components.helm.helm_release import HelmRelease
from components.lib.manifests import fields
from components.sources.git_repository import GitRepository
from components.sources.helm_repository import HelmRepository
from components.sources.oci_repository import OCIRepository
from sluice.declaration.records import SECRET, Declaration, Declared, owner_of
from sluice.stack.repository import Repository

__all__ = [
    "FLUX",
    "INTERVAL",
    "Context",
    "Export",
    "depends_on",
    "flux_object",
    "resources_of",
    "source_reference",
    "suspend",
    "without_secrets",
]

FLUX: Final = "flux-system"
"""The namespace of Flux itself, where all but releases and their values are."""

INTERVAL: Final = "10m"
"""How often Flux looks at an object."""

_SECRET: Final = object()


@dataclass
class Export:
    """Flux's objects, and what has no place in them.

    Attributes:
        objects: the manifests, in the order of the declarations.
        remarks: a sentence for each thing that Flux has no counterpart of.

    """

    objects: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """What an object is made from beside its component.

    Attributes:
        repository: the checkout that declares it.
        declaration: all that its stack declares.
        suspended: for each suspended component's name, the reason; the empty name stands for all.
        remarks: a sentence for each thing that Flux has no counterpart of, added as it is met.

    """

    repository: Repository
    declaration: Declaration
    suspended: Mapping[str, str]
    remarks: list[str] = field(default_factory=list)


def flux_object(
    api_version: str, kind: str, name: str, namespace: str, spec: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an object with its `spec`."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def resources_of(context: Context, component: Component) -> list[Declared]:
    """Return what belongs to a component, in the order of the declarations."""
    owner = owner_of(component)
    return [each for each in context.declaration.resources if each.owner == owner]


def source_reference(
    context: Context, source: GitRepository | OCIRepository | None
) -> dict[str, str]:
    """Return the `sourceRef` of a source; of the platform's own repository where there is none."""
    if source is None:
        return {"kind": "GitRepository", "name": context.repository.project, "namespace": FLUX}
    return {"kind": type(source).__name__, "name": source.name, "namespace": FLUX}


def suspend(context: Context, component: Component) -> dict[str, Any]:
    """Return `suspend`, where the component is suspended or all are."""
    return {"suspend": True} if {"", component.name} & context.suspended.keys() else {}


def depends_on(context: Context, component: Component, kind: type[Component]) -> dict[str, Any]:
    """Return `dependsOn`, which Flux has among objects of the same kind.

    What else the component waits for is remarked, but for sources: Flux waits for those anyway.
    """
    others = {owner_of(each): each for each in context.declaration.components}
    keys = sorted(context.declaration.after.get(owner_of(component), ()))
    after = [others[key] for key in keys if key in others]
    for each in after:
        if not isinstance(each, (kind, GitRepository, HelmRepository, OCIRepository)):
            context.remarks.append(
                f"{type(component).__name__} {component.name} waits for the "
                f"{type(each).__name__} {each.name}, which dependsOn cannot say"
            )
    references = [_reference(each) for each in after if isinstance(each, kind)]
    return {"dependsOn": references} if references else {}


def _reference(component: Component) -> dict[str, str]:
    if isinstance(component, HelmRelease):
        return {"name": component.name, "namespace": name_of(component.args.namespace)}
    return {"name": component.name}


def without_secrets(values: Any) -> tuple[Any, list[str]]:
    """Return values without the secret ones, and the paths of these as Helm's `--set` has them."""
    secrets: list[str] = []
    return _without_secrets(values, "", secrets), secrets


def _without_secrets(value: Any, path: str, secrets: list[str]) -> Any:
    if isinstance(value, Mapping):
        kept = {
            key: _without_secrets(item, f"{path}.{_escaped(key)}".lstrip("."), secrets)
            for key, item in value.items()
        }
        return {key: item for key, item in kept.items() if item is not _SECRET}
    if isinstance(value, (list, tuple)):
        items = [_without_secrets(each, f"{path}[{i}]", secrets) for i, each in enumerate(value)]
        return [None if item is _SECRET else item for item in items]
    if value == SECRET or fields.is_output(value):
        secrets.append(path)
        return _SECRET
    return value


def _escaped(key: str) -> str:
    return key.replace(".", "\\.")
