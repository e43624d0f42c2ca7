"""`Canary`: a workload whose new version gets its traffic step by step, by Flagger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pulumi

from components.base.custom_resource import CustomResource
from components.base.typed import Typed
from components.core.namespace import name_of
from components.errors import DeclarationError
from components.lib.manifests import fields
from components.lib.manifests.identity import Identity
from components.workloads.application import Application
from components.workloads.canary_analysis import CanaryAnalysis
from components.workloads.scaled_object import ScaledObject
from components.workloads.target import Target, as_target, first_of

__all__ = ["Canary", "CanaryArgs", "CanaryAutoscaler", "CanaryService"]

_SCALERS: Final = {
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "ScaledObject": "keda.sh/v1alpha1",
}
_TARGETS: Final = ("Deployment", "DaemonSet", "Service")


@dataclass(frozen=True, kw_only=True)
class CanaryAutoscaler(Typed):
    """The target's autoscaler, of which Flagger makes one for the version that serves.

    Attributes:
        name: its name.
        kind: by default `HorizontalPodAutoscaler`.
        primary_scaler_queries: of a ScaledObject: trigger name to the query for the version that
            serves; by default Flagger finds it.
        primary_min_replicas: the fewest of that version; by default the autoscaler's own.
        primary_max_replicas: the most of that version; by default the autoscaler's own.

    """

    name: str
    kind: Literal["HorizontalPodAutoscaler", "ScaledObject"] = "HorizontalPodAutoscaler"
    primary_scaler_queries: Mapping[str, str] = field(default_factory=dict)
    primary_min_replicas: int | None = None
    primary_max_replicas: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        fields.dns_subdomain("CanaryAutoscaler: name", self.name)
        if self.kind not in _SCALERS:
            raise self.refusal(f"kind: {self.kind!r} is none of {', '.join(_SCALERS)}")

    def as_fields(self) -> dict[str, Any]:
        """Return it as `spec.autoscalerRef` has it."""
        given = super().as_fields()
        replicas = {
            f"{limit}Replicas": given.pop(f"primary{limit.capitalize()}Replicas")
            for limit in ("min", "max")
            if f"primary{limit.capitalize()}Replicas" in given
        }
        own = {"apiVersion": _SCALERS[self.kind], **given}
        return {**own, "primaryScalerReplicas": replicas} if replicas else own


@dataclass(frozen=True, kw_only=True)
class CanaryService(Typed):
    """The Services that Flagger makes, and how traffic reaches them.

    Attributes:
        port: their port.
        name: by default the target's name.
        target_port: the container's port, by number or name; by default `port`.
        port_name: by default `http`.
        app_protocol: what speaks on the port: `http`, `kubernetes.io/h2c`; by default none.
        port_discovery: whether the target's other ports are found; by default no.
        hosts: the hosts of the routes that Flagger makes.
        gateways: Istio's gateways.
        gateway_refs: Gateway API gateways: `{"name": …, "namespace": …}`.
        timeout: of a request; by default the mesh's.
        retries: of a request, as Flagger has it.

    """

    port: int
    name: str = ""
    target_port: int | str | None = None
    port_name: str = ""
    app_protocol: str = ""
    port_discovery: bool | None = None
    hosts: Sequence[str] = ()
    gateways: Sequence[str] = ()
    gateway_refs: Sequence[Mapping[str, str]] = ()
    timeout: str = ""
    retries: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        fields.port("CanaryService: port", self.port)


@dataclass(frozen=True, kw_only=True)
class CanaryArgs:
    """Arguments of `Canary`.

    Attributes:
        target: the application or workload, a Deployment, DaemonSet or Service; this environment
            has to declare it.
        service: the Services that Flagger makes.
        analysis: how a new version is tried.
        progress_deadline: how long a step may make no progress; by default `1m`.
        provider: the mesh or ingress: `istio`, `nginx`, `gatewayapi:v1`; by default Flagger's.
        ingress: the name of the target's Ingress, for `nginx`; by default none.
        autoscaler: the target's autoscaler or `ScaledObject`; by default none.
        metrics_server: the URL of Prometheus; by default Flagger's.
        skip_analysis: whether new versions are promoted untried; by default no.
        revert_on_deletion: whether the target gets its replicas and Service back once the canary
            is deleted; by default no.
        extra: fields of `spec` that a newer Flagger has.
        timeout: how long the object may take; by default `5m`.

    """

    target: Application | Target
    service: CanaryService
    analysis: CanaryAnalysis
    progress_deadline: str = "1m"
    provider: str = ""
    ingress: str = ""
    autoscaler: ScaledObject | CanaryAutoscaler | None = None
    metrics_server: str = ""
    skip_analysis: bool = False
    revert_on_deletion: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: str = "5m"


class Canary(CustomResource):
    """Progressive delivery of a workload. Answers to Flagger's `Canary`, as the guide has it.

    Flagger then owns the workload's replicas and makes its Services, so an
    `Application` that is delivered so says `replicas=None, service_port=None`.
    """

    api_version = "flagger.app/v1beta1"
    kind = "Canary"

    def __init__(
        self, name: str, args: CanaryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the object `name`, in its target's namespace."""
        needs = (*first_of(args.target), args.autoscaler)
        super().__init__("flagger:Canary", name, opts, needs=needs)
        self.args = args
        self.target = as_target(args.target)
        self.declare(name_of(self.target.namespace), args.extra, args.timeout)

    def check_references(self, declared: Collection[Identity]) -> None:
        """Refuse a target that nothing declares."""
        self.target.check(declared)

    def _check(self) -> None:
        if self.target.kind not in _TARGETS:
            raise DeclarationError(
                f"target: a {self.target.kind} is none of what Flagger delivers: "
                f"{', '.join(_TARGETS)}"
            )
        if not isinstance(self.args.target, Application):
            return
        application = self.args.target
        wrong = [
            f"{name}=None"
            for name in ("replicas", "service_port")
            if getattr(application.args, name) is not None
        ]
        if wrong:
            raise DeclarationError(
                f"target: {application.name} sets what Flagger sets; "
                f"declare it with {', '.join(wrong)}"
            )

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`."""
        self._check()
        args, scaler = self.args, self.args.autoscaler
        if isinstance(scaler, ScaledObject):
            scaler = CanaryAutoscaler(name=scaler.name, kind="ScaledObject")
        ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": args.ingress}
        return {
            "targetRef": self.target.reference(),
            "progressDeadlineSeconds": fields.duration("progress_deadline", args.progress_deadline),
            "provider": args.provider,
            "ingressRef": ingress if args.ingress else None,
            "autoscalerRef": scaler.as_fields() if scaler else None,
            "metricsServer": args.metrics_server,
            "skipAnalysis": args.skip_analysis or None,
            "revertOnDeletion": args.revert_on_deletion or None,
            "service": args.service.as_fields(),
            "analysis": args.analysis.as_fields(),
        }
