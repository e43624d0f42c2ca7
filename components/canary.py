"""`Canary`: a workload whose new version gets its traffic step by step, by Flagger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.application import Application
from components.custom_resource import CustomResource
from components.errors import DeclarationError
from components.manifests import fields
from components.manifests.identity import Identity
from components.namespace import name_of
from components.target import Target, as_target, first_of
from components.typed import Typed

__all__ = [
    "Canary",
    "CanaryAnalysis",
    "CanaryArgs",
    "CanaryMetric",
    "CanaryService",
    "CanaryWebhook",
    "TemplateReference",
    "ThresholdRange",
]

_PERCENT = 100


@dataclass(frozen=True, kw_only=True)
class ThresholdRange(Typed):
    """Between which values a metric is good.

    Attributes:
        min: the lowest; by default none.
        max: the highest; by default none.

    """

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min is None and self.max is None:
            raise self.refusal("give min, max or both")


@dataclass(frozen=True, kw_only=True)
class TemplateReference(Typed):
    """A `MetricTemplate`.

    Attributes:
        name: its name.
        namespace: by default the canary's.

    """

    name: str
    namespace: str = ""


@dataclass(frozen=True, kw_only=True)
class CanaryMetric(Typed):
    """A metric that has to be good for the next step.

    Attributes:
        name: `request-success-rate`, `request-duration`, or a template's own.
        threshold_range: when it is good.
        interval: over which time; by default the analysis' interval.
        template_ref: the template, for a metric that Flagger does not have; by default none.
        template_variables: values of the template's variables.

    """

    name: str
    threshold_range: ThresholdRange
    interval: str = ""
    template_ref: TemplateReference | None = None
    template_variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.interval:
            fields.duration("CanaryMetric: interval", self.interval)


@dataclass(frozen=True, kw_only=True)
class CanaryWebhook(Typed):
    """What is called at a point of the analysis: tests, load, a person's consent.

    Attributes:
        name: its name.
        url: where.
        type: when; by default `rollout`, at each step.
        timeout: by default Flagger's 10 seconds.
        metadata: what is sent with it.
        retries: by default none.

    """

    name: str
    url: str
    type: Literal[
        "rollout",
        "pre-rollout",
        "post-rollout",
        "confirm-rollout",
        "confirm-promotion",
        "confirm-traffic-increase",
        "rollback",
        "event",
    ] = "rollout"
    timeout: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    retries: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if "://" not in self.url:
            raise self.refusal(f"url: {self.url!r} is no URL")
        if self.timeout:
            fields.duration("CanaryWebhook: timeout", self.timeout)


@dataclass(frozen=True, kw_only=True)
class CanaryAnalysis(Typed):
    """How the new version is tried.

    Attributes:
        interval: between two steps.
        threshold: after how many failed checks it is rolled back.
        step_weight: by how many percent of the traffic each step goes on.
        max_weight: at how many percent it is promoted; by default Flagger's 100.
        step_weights: the steps one by one, in place of `step_weight`.
        iterations: how many checks there are without a shift of weight, as for A/B
            tests and blue/green.
        match: which requests get the new version, for A/B tests, as Flagger has it.
        metrics: what is measured; by default nothing.
        webhooks: what is called; by default nothing.
        mirror: whether it gets a copy of the traffic first; by default no.

    """

    interval: str
    threshold: int
    step_weight: int | None = None
    max_weight: int | None = None
    step_weights: Sequence[int] = ()
    iterations: int | None = None
    match: Sequence[Mapping[str, Any]] = ()
    metrics: Sequence[CanaryMetric] = ()
    webhooks: Sequence[CanaryWebhook] = ()
    mirror: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        fields.duration("CanaryAnalysis: interval", self.interval)
        if self.threshold < 1:
            raise self.refusal(f"threshold: {self.threshold} has to be 1 or more")
        ways = (self.step_weight, self.step_weights or None, self.iterations)
        if sum(way is not None for way in ways) != 1:
            raise self.refusal("give one of step_weight, step_weights and iterations")
        self._check_weights()

    def _check_weights(self) -> None:
        named = {"step_weight": self.step_weight, "max_weight": self.max_weight}
        named |= {f"step_weights[{i}]": weight for i, weight in enumerate(self.step_weights)}
        for name, weight in named.items():
            if weight is not None and not 1 <= weight <= _PERCENT:
                raise self.refusal(f"{name}: {weight} is no percentage from 1 to 100")
        if self.step_weight and self.step_weight > (self.max_weight or _PERCENT):
            raise self.refusal("step_weight is above max_weight")
        if list(self.step_weights) != sorted(set(self.step_weights)):
            raise self.refusal("step_weights: each has to be above the one before")


@dataclass(frozen=True, kw_only=True)
class CanaryService(Typed):
    """The Services that Flagger makes, and how traffic reaches them.

    Attributes:
        port: their port.
        name: by default the target's name.
        target_port: the container's port, by number or name; by default `port`.
        port_name: by default `http`.
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
        target: the application or workload; this environment has to declare it.
        service: the Services that Flagger makes.
        analysis: how a new version is tried.
        progress_deadline: how long a step may make no progress; by default `1m`.
        provider: the mesh or ingress: `istio`, `nginx`, `gatewayapi:v1`; by default Flagger's.
        ingress: the name of the target's Ingress, for `nginx`; by default none.
        autoscaler: the target's autoscaler, as `{"apiVersion": …, "kind": …, "name": …}`.
        skip_analysis: whether new versions are promoted untried; by default no.
        extra: fields of `spec` that a newer Flagger has.
        timeout: how long the object may take; by default `5m`.

    """

    target: Application | Target
    service: CanaryService
    analysis: CanaryAnalysis
    progress_deadline: str = "1m"
    provider: str = ""
    ingress: str = ""
    autoscaler: Mapping[str, str] = field(default_factory=dict)
    skip_analysis: bool = False
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
        super().__init__("flagger:Canary", name, opts, needs=first_of(args.target))
        self.args = args
        self.target = as_target(args.target)
        self.declare(name_of(self.target.namespace), args.extra, args.timeout)

    def check_references(self, declared: Collection[Identity]) -> None:
        """Refuse a target that nothing declares."""
        self.target.check(declared)

    def _check(self) -> None:
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
        args = self.args
        ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": args.ingress}
        return {
            "targetRef": self.target.reference(),
            "progressDeadlineSeconds": fields.duration("progress_deadline", args.progress_deadline),
            "provider": args.provider,
            "ingressRef": ingress if args.ingress else None,
            "autoscalerRef": args.autoscaler,
            "skipAnalysis": args.skip_analysis or None,
            "service": args.service.as_fields(),
            "analysis": args.analysis.as_fields(),
        }
