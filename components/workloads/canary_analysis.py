"""How Flagger tries a new version: steps, metrics, webhooks and alerts of a `Canary`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from components.base.typed import Typed, named
from components.lib.manifests import fields

__all__ = [
    "CanaryAlert",
    "CanaryAnalysis",
    "CanaryMetric",
    "CanaryWebhook",
    "SessionAffinity",
    "TemplateReference",
    "ThresholdRange",
]

_PERCENT = 100
_PERCENTS: Final = (
    "step_weight",
    "max_weight",
    "step_weight_promotion",
    "mirror_weight",
    "primary_ready_threshold",
    "canary_ready_threshold",
)


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
        mute_alert: whether alerts about it are not sent; by default no.
        disable_tls: whether the certificate of the URL is not checked; by default no.

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
    mute_alert: bool | None = None
    disable_tls: bool | None = field(default=None, metadata=named("disableTLS"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if "://" not in self.url:
            raise self.refusal(f"url: {self.url!r} is no URL")
        if self.timeout:
            fields.duration("CanaryWebhook: timeout", self.timeout)


@dataclass(frozen=True, kw_only=True)
class CanaryAlert(Typed):
    """Who is told how an analysis went.

    Attributes:
        name: its name.
        provider_ref: the `AlertProvider`.
        severity: from which on; by default `info`.

    """

    name: str
    provider_ref: TemplateReference
    severity: Literal["info", "warn", "error"] | None = None


@dataclass(frozen=True, kw_only=True)
class SessionAffinity(Typed):
    """A cookie that keeps whoever got the new version with it.

    Attributes:
        cookie_name: its name.
        max_age: in seconds; by default a day.

    """

    cookie_name: str
    max_age: int | None = None


@dataclass(frozen=True, kw_only=True)
class CanaryAnalysis(Typed):
    """How the new version is tried.

    Attributes:
        interval: between two steps.
        threshold: after how many failed checks it is rolled back.
        step_weight: by how many percent of the traffic each step goes on.
        max_weight: at how many percent it is promoted; by default Flagger's 100.
        step_weights: the steps one by one, in place of `step_weight`.
        step_weight_promotion: by how many percent it then takes the old one's place; by default
            at once.
        iterations: how many checks there are without a shift of weight, as for A/B
            tests and blue/green.
        match: which requests get the new version, for A/B tests, as Flagger has it.
        metrics: what is measured; by default nothing.
        webhooks: what is called; by default nothing.
        alerts: who is told; by default whom Flagger tells of everything.
        mirror: whether it gets a copy of the traffic first; by default no.
        mirror_weight: of how many percent of the traffic; by default all.
        primary_ready_threshold: how many percent of the old version's pods have to be ready; by
            default 100.
        canary_ready_threshold: the same of the new version's; by default 100.
        session_affinity: by default each request is routed anew.

    """

    interval: str
    threshold: int
    step_weight: int | None = None
    max_weight: int | None = None
    step_weights: Sequence[int] = ()
    step_weight_promotion: int | None = None
    iterations: int | None = None
    match: Sequence[Mapping[str, Any]] = ()
    metrics: Sequence[CanaryMetric] = ()
    webhooks: Sequence[CanaryWebhook] = ()
    alerts: Sequence[CanaryAlert] = ()
    mirror: bool | None = None
    mirror_weight: int | None = None
    primary_ready_threshold: int | None = None
    canary_ready_threshold: int | None = None
    session_affinity: SessionAffinity | None = None

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
        percents = {name: getattr(self, name) for name in _PERCENTS}
        percents |= {f"step_weights[{i}]": weight for i, weight in enumerate(self.step_weights)}
        for name, weight in percents.items():
            if weight is not None and not 1 <= weight <= _PERCENT:
                raise self.refusal(f"{name}: {weight} is no percentage from 1 to 100")
        if self.step_weight and self.step_weight > (self.max_weight or _PERCENT):
            raise self.refusal("step_weight is above max_weight")
        if list(self.step_weights) != sorted(set(self.step_weights)):
            raise self.refusal("step_weights: each has to be above the one before")
