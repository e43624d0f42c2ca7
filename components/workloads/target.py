"""`Target`: the workload that a ScaledObject, a Canary or another object is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pulumi

from components.base.component import Component
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.lib.manifests import fields
from components.lib.manifests.identity import Identity
from components.workloads.application import Application

__all__ = ["Target", "as_target"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A workload, by name.

    Attributes:
        name: its name.
        namespace: its namespace.
        kind: its kind; by default `Deployment`.
        api_version: by default `apps/v1`.
        made_by: the `HelmRelease` that makes it; by default this environment declares it.

    """

    name: str
    namespace: str | Namespace
    kind: str = "Deployment"
    api_version: str = "apps/v1"
    made_by: Component | None = None

    def __post_init__(self) -> None:
        fields.dns_subdomain("target.name", self.name)
        fields.dns_label("target.namespace", name_of(self.namespace))

    @property
    def identity(self) -> Identity:
        """Which object it is."""
        return Identity(self.api_version, self.kind, name_of(self.namespace), self.name)

    @property
    def needs(self) -> tuple[object, ...]:
        """What has to be there before it."""
        return (self.namespace, self.made_by)

    def reference(self) -> dict[str, str]:
        """Return it as other objects refer to it."""
        return {"apiVersion": self.api_version, "kind": self.kind, "name": self.name}

    def check(self, declared: Collection[Identity]) -> None:
        """Refuse it where nothing declares it.

        Raises:
            DeclarationError: naming what of its kind there is.

        """
        if self.made_by is not None or self.identity in declared:
            return
        there = sorted(each.path for each in declared if each.kind == self.kind)
        known = f"; there are: {', '.join(there)}" if there else ""
        raise DeclarationError(
            f"target: {self.identity} is not declared by this environment{known} "
            "(where a Helm release makes it, name that as made_by)"
        )


def as_target(target: Application | Target) -> Target:
    """Return the Deployment of an application, or the target itself."""
    if isinstance(target, Target):
        return target
    return Target(name=target.name, namespace=target.namespace)


def first_of(target: Application | Target) -> tuple[pulumi.Resource, ...]:
    """Return what is waited for before an object that is about the target."""
    needs = (target,) if isinstance(target, Application) else target.needs
    return tuple(need for need in needs if isinstance(need, pulumi.Resource))
