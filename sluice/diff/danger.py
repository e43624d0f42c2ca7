"""What of a change is dangerous: what data is lost, and what is missing for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["interruption", "loss", "urgency"]

_LOSSES: Final[Mapping[str, str]] = {
    "Namespace": "every object in it",
    "CustomResourceDefinition": "every object of its kind",
    "PersistentVolume": "the way to its data, and the data where its policy is Delete",
    "PersistentVolumeClaim": "its volume's data, unless the volume's policy is Retain",
    "StatefulSet": "its pods, and their claims where its policy says so",
    "VolumeSnapshot": "the snapshot, where its class deletes it",
    **dict.fromkeys(
        # Custom resources of the databases' operators.
        (
            *("CassandraDatacenter", "Cluster", "Elasticsearch", "InnoDBCluster", "Kafka"),
            *("MariaDB", "MongoDBCommunity", "PerconaServerMongoDB", "PerconaXtraDBCluster"),
            *("PostgresCluster", "RabbitmqCluster", "RedisCluster", "RedisFailover", "postgresql"),
        ),
        "its data, unless its operator keeps the volumes",
    ),
}
_INTERRUPTIONS: Final[Mapping[str, str]] = {
    "Deployment": "its pods are gone until new ones are ready",
    "DaemonSet": "its pods are gone until new ones are ready",
    "Pod": "it is gone until the new one is ready",
    "Job": "its pods and their logs are gone, and it runs again",
    "Service": "nobody reaches it meanwhile, and its address may be another",
    "Ingress": "nobody reaches it meanwhile",
    "RoleBinding": "its subjects may do nothing by it meanwhile",
    "ClusterRoleBinding": "its subjects may do nothing by it meanwhile",
}
_TAKEN_AWAY: Final = ("delete", "replace")
_URGENCY: Final = ("delete", "replace", "orphan", "update", "create", "move")


def loss(operation: str, kind: str) -> str:
    """Return what is lost with an object that is deleted or replaced; empty where nothing is.

    `operation` is one of `OPERATIONS`.
    """
    return _LOSSES.get(kind, "") if operation in _TAKEN_AWAY else ""


def interruption(operation: str, kind: str) -> str:
    """Return what a replacement interrupts, as its name is fixed; empty for any other operation."""
    if operation != "replace":
        return ""
    missing = _INTERRUPTIONS.get(kind, "it is missing meanwhile")
    return f"deleted before it is made anew: {missing}"


def urgency(operation: str, kind: str) -> tuple[bool, int]:
    """Return a key that sorts changes: what loses data, deletions, replacements, the others."""
    known = _URGENCY.index(operation) if operation in _URGENCY else len(_URGENCY)
    return not loss(operation, kind), known
