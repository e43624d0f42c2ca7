"""What KEDA scales by: typed triggers, and any other by its metadata.

Each class is a KEDA scaler; its metadata that has to be there is checked when
it is made, before anything is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from components.errors import DeclarationError
from components.manifests import fields
from components.trigger_authentication import ClusterTriggerAuthentication, TriggerAuthentication
from components.typed import Typed, is_set, named

__all__ = [
    "CPU",
    "Cron",
    "Kafka",
    "Memory",
    "OtherTrigger",
    "Prometheus",
    "RabbitMQ",
    "RedisList",
    "Resource",
    "Trigger",
]

Authentication = TriggerAuthentication | ClusterTriggerAuthentication | tuple[str, str] | str
MetricType = Literal["AverageValue", "Value", "Utilization"]
# What belongs to the trigger itself, beside its metadata.
_BESIDE: Final = ("name", "authentication", "metricType", "useCachedMetrics")
_CRON_FIELDS = 5
_RESOURCES: Final = ("cpu", "memory")
_BY_HTTP: Final = ("use_regex", "exclude_unacknowledged")
_AUTH_MODES: Final = ("bearer", "basic", "tls", "custom")


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
        return {key: _text(value) for key, value in own.items() if key not in _BESIDE}

    def require(self, *names: str) -> None:
        """Refuse empty arguments."""
        for name in names:
            if not is_set(getattr(self, name)):
                raise self.refusal(f"{name} is required")

    def require_one(self, *names: str) -> None:
        """Refuse it where none of the arguments is given, and no authentication could give it."""
        if not self.authentication and not any(is_set(getattr(self, name)) for name in names):
            raise self.refusal(f"one of {', '.join(names)} is required, or authentication")


@dataclass(frozen=True, kw_only=True)
class RedisList(Trigger):
    """The length of a Redis list (KEDA's `redis`).

    Attributes:
        list_name: the list; the size of a set, sorted set or hash also counts.
        list_length: how many entries a replica is for; by default 5.
        address: the server, `host:port`.
        address_from_env: the container's variable that holds the address.
        activation_list_length: above how many it scales from zero; by default 0.
        database_index: by default 0.
        username: by default none; the password belongs in `authentication`.
        username_from_env: the container's variable that holds the user; by default none.
        password_from_env: the container's variable that holds the password; by default none.
        enable_tls: by default no.
        unsafe_ssl: whether its certificate is not checked; by default no.

    """

    type: ClassVar[str] = "redis"
    list_name: str
    list_length: int = 5
    address: str = ""
    address_from_env: str = ""
    activation_list_length: int | None = None
    database_index: int | None = None
    username: str = ""
    username_from_env: str = ""
    password_from_env: str = ""
    enable_tls: bool | None = field(default=None, metadata=named("enableTLS"))
    unsafe_ssl: bool | None = None

    def check(self) -> None:
        """The list, and where it is."""
        self.require("list_name")
        self.require_one("address", "address_from_env")


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
class Resource(Trigger):
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
class CPU(Resource):
    """The CPU that the pods use."""

    type: ClassVar[str] = "cpu"


@dataclass(frozen=True, kw_only=True)
class Memory(Resource):
    """The memory that the pods use."""

    type: ClassVar[str] = "memory"


@dataclass(frozen=True, kw_only=True)
class Kafka(Trigger):
    """How far a consumer group is behind.

    Attributes:
        consumer_group: the group.
        topic: the topic; by default all that the group has read from.
        bootstrap_servers: the brokers, `host:port`, with commas between them.
        bootstrap_servers_from_env: the container's variable that holds them.
        partition_limitation: only these partitions: `1,2,10-20`; by default all.
        lag_threshold: which lag a replica is for, 1 or more; by default 10.
        activation_lag_threshold: above which it scales from zero; by default 0.
        offset_reset_policy: where a new consumer begins; by default `latest`.
        allow_idle_consumers: whether there may be more replicas than partitions; by default no.
        limit_to_partitions_with_lag: whether there are at most as many replicas as partitions
            with a lag; by default no.
        ensure_even_distribution_of_partitions: whether each replica gets as many partitions as
            the others; by default no.
        exclude_persistent_lag: whether partitions that do not move on are left out; by default no.
        scale_to_zero_on_invalid_offset: whether a partition without an offset needs no replica;
            by default no.
        version: the broker's version; by default `1.0.0`.
        sasl: the mechanism, which `authentication` may say too; by default `none`.
        tls: `enable` or `disable`, which `authentication` may say too; by default `disable`.
        unsafe_ssl: whether their certificates are not checked; by default no.

    """

    type: ClassVar[str] = "kafka"
    consumer_group: str
    topic: str = ""
    bootstrap_servers: str = ""
    bootstrap_servers_from_env: str = ""
    partition_limitation: str = ""
    lag_threshold: int | None = None
    activation_lag_threshold: int | None = None
    offset_reset_policy: Literal["latest", "earliest"] | None = None
    allow_idle_consumers: bool | None = None
    limit_to_partitions_with_lag: bool | None = None
    ensure_even_distribution_of_partitions: bool | None = None
    exclude_persistent_lag: bool | None = None
    scale_to_zero_on_invalid_offset: bool | None = None
    version: str = ""
    sasl: (
        Literal["none", "plaintext", "scram_sha256", "scram_sha512", "gssapi", "oauthbearer"] | None
    ) = None
    tls: Literal["enable", "disable"] | None = None
    unsafe_ssl: bool | None = None

    def check(self) -> None:
        """The group, where the brokers are, and that the limits agree."""
        self.require("consumer_group")
        if not self.bootstrap_servers and not self.bootstrap_servers_from_env:
            raise self.refusal(
                "one of bootstrap_servers, bootstrap_servers_from_env is required, "
                "which no authentication can give"
            )
        if self.lag_threshold is not None and self.lag_threshold < 1:
            raise self.refusal(f"lag_threshold: {self.lag_threshold} has to be 1 or more")
        if self.limit_to_partitions_with_lag and not self.topic:
            raise self.refusal("topic is required with limit_to_partitions_with_lag")
        if self.limit_to_partitions_with_lag and self.allow_idle_consumers:
            raise self.refusal(
                "allow_idle_consumers and limit_to_partitions_with_lag exclude each other"
            )


@dataclass(frozen=True, kw_only=True)
class RabbitMQ(Trigger):
    """The length of a queue, or the rate of its messages.

    Attributes:
        queue_name: the queue.
        value: how many messages, or what of the mode, a replica is for.
        mode: by default `QueueLength`; all others need `protocol="http"`.
        host: the broker, without user and password; a URL with them belongs in a Secret.
        host_from_env: the container's variable that holds the URL.
        username_from_env: the container's variable that holds the user; by default the URL's.
        password_from_env: the container's variable that holds the password; by default the URL's.
        protocol: by default `auto`, as the URL says.
        activation_value: above which it scales from zero; by default 0.
        vhost_name: by default the URL's.
        use_regex: whether the queue's name is a pattern, by `http` only; by default no.
        operation: what of several queues counts; by default their `sum`.
        page_size: how many queues are asked for at once with `use_regex`; by default 100.
        exclude_unacknowledged: whether only ready messages count, by `http` only; by default no.
        unsafe_ssl: whether its certificate is not checked; by default no.

    """

    type: ClassVar[str] = "rabbitmq"
    queue_name: str
    value: float
    mode: Literal[
        "QueueLength",
        "MessageRate",
        "DeliverGetRate",
        "PublishedToDeliveredRatio",
        "ExpectedQueueConsumptionTime",
    ] = "QueueLength"
    host: str = ""
    host_from_env: str = ""
    username_from_env: str = ""
    password_from_env: str = ""
    protocol: Literal["auto", "http", "amqp"] | None = None
    activation_value: float | None = None
    vhost_name: str = ""
    use_regex: bool | None = None
    operation: Literal["sum", "max", "avg"] | None = None
    page_size: int | None = None
    exclude_unacknowledged: bool | None = None
    unsafe_ssl: bool | None = None

    def check(self) -> None:
        """The queue, the value, where the broker is, and how it is asked; no password."""
        self.require("queue_name", "value")
        self.require_one("host", "host_from_env")
        if "@" in self.host:
            raise self.refusal(
                "host: has a user in it, and would be plain; put the URL in a Secret and "
                "give authentication or host_from_env"
            )
        self._check_protocol()

    def _check_protocol(self) -> None:
        if self.protocol != "amqp" and not self.host.startswith("amqp"):
            return
        needs = {f"mode={self.mode!r}": self.mode != "QueueLength"}
        needs |= {f"{name}=True": getattr(self, name) for name in _BY_HTTP}
        for argument, given in needs.items():
            if given:
                raise self.refusal(f"{argument} is answered by http only, not by amqp")


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
        return {key: _text(value) for key, value in {**self.parameters, **self.extra}.items()}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, (str, int, float)):
        raise DeclarationError(f"trigger: {value!r} is no text, number or boolean")
    return str(value)
