"""What all of KEDA's triggers have: a name, who signs in, a metric, and metadata as texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from components.base.typed import Typed, is_set
from components.errors import DeclarationError
from components.workloads.trigger_authentication import (
    ClusterTriggerAuthentication,
    TriggerAuthentication,
)

__all__ = ["MetricType", "Trigger", "as_text"]

Authentication = TriggerAuthentication | ClusterTriggerAuthentication | tuple[str, str] | str
MetricType = Literal["AverageValue", "Value", "Utilization"]
"""How the autoscaler reads a metric: by replica, as a whole, or in percent of what is requested."""

# What belongs to the trigger itself, beside its metadata.
_BESIDE: Final = ("name", "authentication", "metricType", "useCachedMetrics")
_RESOURCES: Final = ("cpu", "memory")


@dataclass(frozen=True, kw_only=True)
class Trigger(Typed):
    """What a ScaledObject is scaled by.

    Attributes:
        name: a name that formulas refer to; by default none.
        authentication: a `TriggerAuthentication` or its name, a `ClusterTriggerAuthentication`,
            or its kind and name, for one of others; by default none.
        metric_type: how the autoscaler reads the metric; by default KEDA's `AverageValue`.
        use_cached_metrics: whether the value of the last poll is used; by default KEDA's.
        extra: metadata that a newer scaler has, by KEDA's names.

    """

    type: ClassVar[str] = ""
    name: str = ""
    authentication: Authentication = ""
    metric_type: MetricType | None = None
    use_cached_metrics: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        kind, _ = self._authentication
        if kind not in ("TriggerAuthentication", "ClusterTriggerAuthentication"):
            raise self.refusal(
                f"authentication: {kind!r} is neither TriggerAuthentication nor "
                "ClusterTriggerAuthentication"
            )
        if self.metric_type == "Utilization" and self.scaler_type not in _RESOURCES:
            raise self.refusal("metric_type: Utilization is of cpu and memory only")
        if self.use_cached_metrics and self.scaler_type in (*_RESOURCES, "cron"):
            raise self.refusal(f"use_cached_metrics: there are none of {self.scaler_type}")
        self.check()

    @property
    def scaler_type(self) -> str:
        """KEDA's name of the scaler."""
        return self.type

    @property
    def _authentication(self) -> tuple[str, str]:
        given = self.authentication
        if isinstance(given, str):
            return "TriggerAuthentication", given
        return given if isinstance(given, tuple) else (given.kind, given.name)

    def check(self) -> None:
        """Refuse metadata that the scaler would refuse."""

    def manifest(self) -> dict[str, Any]:
        """Return the trigger as KEDA's YAML has it."""
        kind, name = self._authentication
        reference = {"name": name}
        if kind != "TriggerAuthentication":  # which is KEDA's default
            reference["kind"] = kind
        beside = {
            "name": self.name,
            "metricType": self.metric_type,
            "useCachedMetrics": self.use_cached_metrics,
            "authenticationRef": reference if name else None,
        }
        return {
            "type": self.scaler_type,
            "metadata": self.metadata(),
            **{key: value for key, value in beside.items() if is_set(value)},
        }

    def metadata(self) -> dict[str, str]:
        """Return the scaler's parameters, which are texts all of them."""
        own = self.as_fields()
        return {key: as_text(value) for key, value in own.items() if key not in _BESIDE}

    def require(self, *names: str) -> None:
        """Refuse empty arguments."""
        for name in names:
            if not is_set(getattr(self, name)):
                raise self.refusal(f"{name} is required")

    def require_one(self, *names: str) -> None:
        """Refuse it where none of the arguments is given, and no authentication could give it."""
        if not self.authentication and not any(is_set(getattr(self, name)) for name in names):
            raise self.refusal(f"one of {', '.join(names)} is required, or authentication")


def as_text(value: Any) -> str:
    """Return a parameter as KEDA has it: `true`, `8`, `key=value,key=value`."""
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, (str, int, float)):
        raise DeclarationError(f"trigger: {value!r} is no text, number or boolean")
    return str(value)
