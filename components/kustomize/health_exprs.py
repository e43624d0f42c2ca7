"""When a Kustomization's objects count as healthy, by reference and by expression (CEL)."""

from __future__ import annotations

from dataclasses import dataclass

from components.core.health import Condition, Expression, JSONPath
from components.lib.manifests.identity import Identity

__all__ = ["HealthCheckExpr", "HealthReference"]


@dataclass(frozen=True, kw_only=True)
class HealthReference:
    """An object that has to be healthy before the Kustomization is.

    Attributes:
        kind: its kind.
        name: its name.
        namespace: its namespace; empty for cluster-scoped objects.

    """

    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, kw_only=True)
class HealthCheckExpr:
    """When an object of a kind is healthy that Kubernetes itself does not know.

    Answers to an entry of `healthCheckExprs` of Flux's Kustomization. A condition
    or a field is waited for object by object; an expression in CEL, which Pulumi
    does not know, is a `HealthCheck` each, waited for at the end of `sluice up`.

    Attributes:
        api_version: the objects' API version.
        kind: their kind.
        current: what they have to be.

    """

    api_version: str
    kind: str
    current: Condition | JSONPath | Expression

    def is_about(self, identity: Identity) -> bool:
        """Whether an object is of the kind."""
        return (self.api_version, self.kind) == (identity.api_version, identity.kind)
