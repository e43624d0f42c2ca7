"""What KEDA scales by: a query, a time, what pods use, and any other by its metadata.

Each class is a KEDA scaler; its metadata that has to be there is checked when
it is made, before anything is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from components.lib.manifests import fields
from components.workloads.trigger import MetricType, Trigger, as_text

__all__ = ["CPU", "Cron", "Memory", "OtherTrigger", "Prometheus", "ResourceTrigger"]

_CRON_FIELDS = 5
_AUTH_MODES: Final = ("bearer", "basic", "tls", "custom")


@dataclass(frozen=True, kw_only=True)
class Prometheus(Trigger):
    """The result of a query.

    Attributes:
        server_address: the URL of Prometheus.
        query: a query in PromQL that gives one number.
        threshold: which value a replica is for.
        activation_threshold: above which it scales from zero; by default 0.
        namespace: for servers of several tenants; by default none.
        ignore_null_values: whether no result is 0 and no error; by default yes.
        custom_headers: sent with the query, and plain in the cluster; by default none.
        query_parameters: added to the query's URL; by default none.
        auth_modes: `bearer`, `basic`, `tls` or `custom`, or two of them: `tls,basic`; by
            default none. What signs in is in `authentication`.
        unsafe_ssl: whether its certificate is not checked; by default no.

    """

    type: ClassVar[str] = "prometheus"
    server_address: str
    query: str
    threshold: float
    activation_threshold: float | None = None
    namespace: str = ""
    ignore_null_values: bool | None = None
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    query_parameters: Mapping[str, str] = field(default_factory=dict)
    auth_modes: str = ""
    unsafe_ssl: bool | None = None

    def check(self) -> None:
        """The server's URL, the query, the threshold, and how to sign in."""
        self.require("server_address", "query", "threshold")
        if "://" not in self.server_address:
            raise self.refusal(f"server_address: {self.server_address!r} is no URL")
        for mode in filter(None, self.auth_modes.split(",")):
            if mode not in _AUTH_MODES:
                raise self.refusal(f"auth_modes: {mode!r} is none of {', '.join(_AUTH_MODES)}")
        if self.auth_modes and not self.authentication:
            raise self.refusal("authentication is required with auth_modes")


@dataclass(frozen=True, kw_only=True)
class Cron(Trigger):
    """A time of the day or week.

    Attributes:
        timezone: a name of the time zone database: `Europe/Berlin`.
        start: when it begins, as cron says it: `0 8 * * 1-5`.
        end: when it ends.
        desired_replicas: how many replicas between them.

    """

    type: ClassVar[str] = "cron"
    timezone: str
    start: str
    end: str
    desired_replicas: int

    def check(self) -> None:
        """The zone, both times, and the replicas."""
        self.require("timezone", "start", "end", "desired_replicas")
        for name in ("start", "end"):
            if len(getattr(self, name).split()) != _CRON_FIELDS:
                raise self.refusal(f"{name}: {getattr(self, name)!r} has not cron's five fields")
        if self.start == self.end:
            raise self.refusal("start and end are the same")
        fields.replicas(f"{type(self).__name__}: desired_replicas", self.desired_replicas)


@dataclass(frozen=True, kw_only=True)
class ResourceTrigger(Trigger):
    """What the pods use, as the autoscaler itself measures it: `CPU` or `Memory`.

    Attributes:
        value: percent of what is requested, or with `metric_type="AverageValue"` a quantity.
        container_name: only this container; by default the whole pod.

    """

    value: int | str
    container_name: str = ""
    metric_type: MetricType | None = "Utilization"

    def check(self) -> None:
        """The value, in the form of its metric type."""
        self.require("value")
        if self.metric_type == "AverageValue":
            fields.quantity(f"{type(self).__name__}: value", self.value)
        elif self.metric_type != "Utilization" or not str(self.value).isdigit():
            raise self.refusal(
                f"value: {self.value!r} is no percentage; give one, "
                'or a quantity and metric_type="AverageValue"'
            )


@dataclass(frozen=True, kw_only=True)
class CPU(ResourceTrigger):
    """The CPU that the pods use."""

    type: ClassVar[str] = "cpu"


@dataclass(frozen=True, kw_only=True)
class Memory(ResourceTrigger):
    """The memory that the pods use."""

    type: ClassVar[str] = "memory"


@dataclass(frozen=True, kw_only=True)
class OtherTrigger(Trigger):
    """Any other scaler of KEDA's, by its metadata.

    Attributes:
        scaler: its type: `aws-sqs-queue`.
        parameters: its metadata, by KEDA's names.

    """

    scaler: str
    parameters: Mapping[str, str | float | bool] = field(default_factory=dict)

    def check(self) -> None:
        """The type."""
        self.require("scaler")

    @property
    def scaler_type(self) -> str:
        """The type that was given."""
        return self.scaler

    def metadata(self) -> dict[str, str]:
        """Return what was given, as texts."""
        return {key: as_text(value) for key, value in {**self.parameters, **self.extra}.items()}
