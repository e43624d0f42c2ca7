"""KEDA's triggers: what each becomes in YAML, and what is refused when it is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from components import (
    CPU,
    Cron,
    DeclarationError,
    Kafka,
    Memory,
    OtherTrigger,
    Prometheus,
    RabbitMQ,
    RedisList,
)
from components.workloads.trigger import Trigger

OFFICE = {"timezone": "Europe/Berlin", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5"}


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (
            RedisList(
                address="redis-master.databases:6379",
                list_name="jobs",
                enable_tls=False,
                authentication="redis",
            ),
            """
            type: redis
            metadata:
              {address: "redis-master.databases:6379", listName: jobs, listLength: "5",
               enableTLS: "false"}
            authenticationRef: {name: redis}
            """,
        ),
        (
            Prometheus(
                server_address="http://prometheus.monitoring",
                query="sum(rate(requests_total[2m]))",
                threshold=100,
                activation_threshold=0.5,
                name="rate",
                metric_type="AverageValue",
                use_cached_metrics=True,
                custom_headers={"X-Tenant": "a", "X-Org": "b"},
                auth_modes="tls,basic",
                authentication=("ClusterTriggerAuthentication", "prometheus"),
                extra={"timeout": "1000"},
            ),
            """
            type: prometheus
            name: rate
            metricType: AverageValue
            useCachedMetrics: true
            metadata:
              serverAddress: http://prometheus.monitoring
              query: sum(rate(requests_total[2m]))
              threshold: "100"
              activationThreshold: "0.5"
              customHeaders: X-Tenant=a,X-Org=b
              authModes: tls,basic
              timeout: "1000"
            authenticationRef: {name: prometheus, kind: ClusterTriggerAuthentication}
            """,
        ),
        (
            Cron(**OFFICE, desired_replicas=3),
            """
            type: cron
            metadata:
              {timezone: Europe/Berlin, start: 0 8 * * 1-5, end: 0 18 * * 1-5, desiredReplicas: "3"}
            """,
        ),
        (CPU(value=70), "{type: cpu, metricType: Utilization, metadata: {value: '70'}}"),
        (
            Memory(value="512Mi", metric_type="AverageValue", container_name="web"),
            """
            type: memory
            metricType: AverageValue
            metadata: {value: 512Mi, containerName: web}
            """,
        ),
        (
            Kafka(
                bootstrap_servers="kafka:9092",
                consumer_group="billing",
                topic="bills",
                partition_limitation="1,2,10-20",
                lag_threshold=50,
                limit_to_partitions_with_lag=True,
                scale_to_zero_on_invalid_offset=True,
                sasl="scram_sha512",
                unsafe_ssl=False,
            ),
            """
            type: kafka
            metadata:
              bootstrapServers: kafka:9092
              consumerGroup: billing
              topic: bills
              partitionLimitation: 1,2,10-20
              lagThreshold: "50"
              limitToPartitionsWithLag: "true"
              scaleToZeroOnInvalidOffset: "true"
              sasl: scram_sha512
              unsafeSsl: "false"
            """,
        ),
        (
            RabbitMQ(
                queue_name="^mail-",
                value=1.5,
                mode="PublishedToDeliveredRatio",
                metric_type="Value",
                host_from_env="BROKER",
                username_from_env="BROKER_USER",
                protocol="http",
                use_regex=True,
                operation="max",
                page_size=50,
            ),
            """
            type: rabbitmq
            metricType: Value
            metadata:
              queueName: ^mail-
              value: "1.5"
              mode: PublishedToDeliveredRatio
              hostFromEnv: BROKER
              usernameFromEnv: BROKER_USER
              protocol: http
              useRegex: "true"
              operation: max
              pageSize: "50"
            """,
        ),
        (
            OtherTrigger(scaler="aws-sqs-queue", parameters={"queueLength": 5, "scale": True}),
            "{type: aws-sqs-queue, metadata: {queueLength: '5', scale: 'true'}}",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Trigger) else "",
)
def test_a_trigger_is_what_kedas_yaml_says(trigger: Trigger, expected: str) -> None:
    assert trigger.manifest() == yaml.safe_load(expected)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RedisList(list_name="", address="redis:6379"), "RedisList: list_name is required"),
        (
            lambda: RedisList(list_name="jobs"),
            "RedisList: one of address, address_from_env is required, or authentication",
        ),
        (
            lambda: Prometheus(server_address="prometheus", query="up", threshold=1),
            "Prometheus: server_address: 'prometheus' is no URL",
        ),
        (
            lambda: Cron(**{**OFFICE, "end": "18:00"}, desired_replicas=1),
            "Cron: end: '18:00' has not cron's five fields",
        ),
        (
            lambda: Cron(**{**OFFICE, "end": OFFICE["start"]}, desired_replicas=1),
            "Cron: start and end are the same",
        ),
        (
            lambda: Cron(**OFFICE, desired_replicas=-1),
            "Cron: desired_replicas: -1 is not a whole number from 0 to 2147483647",
        ),
        (
            lambda: CPU(value="500m"),
            (
                "CPU: value: '500m' is no percentage; give one, or a quantity and "
                'metric_type="AverageValue"'
            ),
        ),
        (
            lambda: Memory(value="much", metric_type="AverageValue"),
            "Memory: value: 'much' is not a quantity such as 250m, 128Mi or 2",
        ),
        (
            lambda: Kafka(consumer_group="billing"),
            (
                "Kafka: one of bootstrap_servers, bootstrap_servers_from_env is required, "
                "which no authentication can give"
            ),
        ),
        (
            lambda: Kafka(
                consumer_group="billing", bootstrap_servers="kafka:9092", lag_threshold=0
            ),
            "Kafka: lag_threshold: 0 has to be 1 or more",
        ),
        (
            lambda: Kafka(
                consumer_group="billing",
                bootstrap_servers="kafka:9092",
                limit_to_partitions_with_lag=True,
            ),
            "Kafka: topic is required with limit_to_partitions_with_lag",
        ),
        (
            lambda: Kafka(
                consumer_group="billing",
                bootstrap_servers="kafka:9092",
                topic="bills",
                limit_to_partitions_with_lag=True,
                allow_idle_consumers=True,
            ),
            "Kafka: allow_idle_consumers and limit_to_partitions_with_lag exclude each other",
        ),
        (
            lambda: RabbitMQ(
                queue_name="mail", value=1, host_from_env="BROKER", protocol="amqp", use_regex=True
            ),
            "RabbitMQ: use_regex=True is answered by http only, not by amqp",
        ),
        (
            lambda: RabbitMQ(queue_name="mail", value=1, host="amqp://mq/", mode="MessageRate"),
            "RabbitMQ: mode='MessageRate' is answered by http only, not by amqp",
        ),
        (
            lambda: Prometheus(
                server_address="http://p", query="up", threshold=1, auth_modes="token"
            ),
            "Prometheus: auth_modes: 'token' is none of bearer, basic, tls, custom",
        ),
        (
            lambda: Prometheus(
                server_address="http://p", query="up", threshold=1, auth_modes="bearer"
            ),
            "Prometheus: authentication is required with auth_modes",
        ),
        (
            lambda: RedisList(list_name="jobs", address="redis:6379", metric_type="Utilization"),
            "RedisList: metric_type: Utilization is of cpu and memory only",
        ),
        (
            lambda: Cron(**OFFICE, desired_replicas=1, use_cached_metrics=True),
            "Cron: use_cached_metrics: there are none of cron",
        ),
        (
            lambda: RedisList(
                list_name="jobs", address="redis:6379", authentication=("Secret", "redis")
            ),
            (
                "RedisList: authentication: 'Secret' is neither TriggerAuthentication nor "
                "ClusterTriggerAuthentication"
            ),
        ),
        (
            lambda: RabbitMQ(queue_name="mail", value=1, host="amqp://guest:guest@broker"),
            (
                "RabbitMQ: host: has a user in it, and would be plain; put the URL in a Secret and "
                "give authentication or host_from_env"
            ),
        ),
        (lambda: OtherTrigger(scaler=""), "OtherTrigger: scaler is required"),
        (
            lambda: RedisList(list_name="jobs", address="redis:6379", extra={"listName": "mail"}),
            "RedisList: extra: listName is the argument list_name",
        ),
    ],
)
def test_metadata_that_the_scaler_would_refuse(make: Callable[[], Trigger], said: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        make()

    assert str(refused.value) == said
