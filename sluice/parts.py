"""A component of a stack's state, with the components that it depends on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sluice.engine import Resource

__all__ = ["with_dependencies"]

_OURS = "sluice:"
_ENVIRONMENT = "sluice:environment:"


def with_dependencies(
    resources: Sequence[Resource], kinds: Collection[str], name: str
) -> list[str]:
    """Return the names of the component and of what it waits for; empty where it is not there."""
    by_urn = {resource.urn: resource for resource in resources}
    wanted = [
        resource.urn
        for resource in resources
        if resource.name == name and _kind(resource) in kinds and _is_component(resource)
    ]
    found: dict[str, str] = {}
    while wanted:
        urn = wanted.pop()
        if urn in found:
            continue
        found[urn] = by_urn[urn].name
        parts = (part for part in resources if _component(part.urn, by_urn) == urn)
        needed = (need for part in parts for need in part.dependencies)
        wanted += [owner for need in needed if (owner := _component(need, by_urn))]
    return list(found.values())


def _component(urn: str, by_urn: Mapping[str, Resource]) -> str:
    """Return the URN of the component that a resource belongs to, or is; empty for neither."""
    while urn in by_urn:
        if _is_component(by_urn[urn]):
            return urn
        urn = by_urn[urn].parent
    return ""


def _is_component(resource: Resource) -> bool:
    return resource.type.startswith(_OURS) and not resource.type.startswith(_ENVIRONMENT)


def _kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]
