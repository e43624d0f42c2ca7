"""`HealthCheck`: an object of any kind that has to be healthy once everything is applied."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import pulumi

from components.base.component import Component
from components.core.health import Condition, Expression, JSONPath
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.lib.manifests import fields

__all__ = ["HealthCheck", "HealthCheckArgs"]


@dataclass(frozen=True, kw_only=True)
class HealthCheckArgs:
    """Arguments of `HealthCheck`.

    Attributes:
        api_version: such as `apps/v1`.
        kind: its kind.
        name: its name.
        namespace: its namespace; empty for cluster-scoped objects.
        healthy: a `Condition`, a `JSONPath` or an `Expression` in CEL; by default the
            condition `Ready`.
        timeout: how long it may take after the update; by default `5m`.

    """

    api_version: str
    kind: str
    name: str
    namespace: str | Namespace = ""
    healthy: Condition | JSONPath | Expression = field(default_factory=Condition)
    timeout: str = "5m"


class HealthCheck(Component):
    """An object, whoever made it, that `sluice up` and `reconcile` wait for at their end.

    What a Helm release, an operator or a controller makes is checked so; what
    this program declares itself Pulumi waits for. Nothing is made in the
    cluster. Answers to an entry of `spec.healthChecks` of Flux's Kustomization
    with its `healthCheckExprs`.
    """

    def __init__(
        self, name: str, args: HealthCheckArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the check `name`."""
        super().__init__("health:HealthCheck", name, opts, needs=(args.namespace,))
        self.args = args
        try:
            seconds = self._checked_timeout()
        except DeclarationError as error:
            raise self.refusal(error) from None
        healthy = args.healthy
        self.register_outputs(
            {
                "object": {
                    "apiVersion": args.api_version,
                    "kind": args.kind,
                    "namespace": name_of(args.namespace),
                    "name": args.name,
                },
                "healthy": asdict(healthy)
                if isinstance(healthy, Expression)
                else {"waitFor": healthy.wait_for},
                "timeoutSeconds": seconds,
            }
        )

    def _checked_timeout(self) -> int:
        args = self.args
        fields.dns_subdomain("name", args.name)
        if args.namespace:
            fields.dns_label("namespace", name_of(args.namespace))
        if not args.api_version or not args.kind:
            raise DeclarationError("api_version and kind are required")
        return fields.duration("timeout", args.timeout)
