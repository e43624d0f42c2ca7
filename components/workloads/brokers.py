"""Triggers that count the messages of a broker: Kafka, RabbitMQ, Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from components.base.typed import named
from components.workloads.trigger import Trigger

__all__ = ["Kafka", "RabbitMQ", "RedisList"]

# What of RabbitMQ only its HTTP API answers.
_BY_HTTP: Final = ("use_regex", "exclude_unacknowledged")


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
