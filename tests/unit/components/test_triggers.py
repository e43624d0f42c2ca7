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
from components.triggers import Trigger

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
                extra={"customHeaders": "X-Tenant=a"},
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
              customHeaders: X-Tenant=a
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
            Kafka(bootstrap_servers="kafka:9092", consumer_group="billing", lag_threshold=50),
            """
            type: kafka
            metadata: {bootstrapServers: "kafka:9092", consumerGroup: billing, lagThreshold: "50"}
            """,
        ),
        (
            RabbitMQ(queue_name="mail", value=20, host_from_env="BROKER"),
            """
            type: rabbitmq
            metadata: {queueName: mail, value: "20", mode: QueueLength, hostFromEnv: BROKER}
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
                "or authentication"
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
