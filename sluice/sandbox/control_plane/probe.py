"""What a cluster is asked: whether a program is healthy, whether the cluster takes work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from sluice.sandbox.control_plane.previewer import RESOURCES, manifests
from sluice.sandbox.processes.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.sandbox.control_plane.cluster import Cluster

__all__ = [
    "create_node",
    "create_previewer",
    "has_default_service_account",
    "is_healthy",
    "is_node_ready",
]

SECONDS = 3.0
HEALTH_PATHS = {
    "etcd": "/readyz",
    "kube-apiserver": "/readyz",
    "kube-controller-manager": "/healthz",
    "kube-scheduler": "/readyz",
    "kwok": "/healthz",
}
NODE_CAPACITY = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}


@dataclass(frozen=True)
class Identity:
    """Whom the server is trusted by, and whom the client is, in the cluster's PKI."""

    authority: str
    client: str


ADMIN = Identity("ca", "admin")
STORE_CLIENT = Identity("etcd-ca", "etcd-client")


def is_healthy(cluster: Cluster, program: str) -> bool:
    """Whether `program` of `cluster` answers that it is ready."""
    scheme = "http" if program == "kwok" else "https"
    port = cluster.ports()[program]
    url = f"{scheme}://{LOOPBACK}:{port}{HEALTH_PATHS[program]}"
    response = _request("GET", url, cluster, STORE_CLIENT if program == "etcd" else ADMIN)
    return response is not None and response.ok


def has_default_service_account(cluster: Cluster) -> bool:
    """Whether pods can be made: each needs the service account of its namespace."""
    path = "/api/v1/namespaces/default/serviceaccounts/default"
    response = _request("GET", cluster.server + path, cluster)
    return response is not None and response.ok


def create_node(cluster: Cluster, name: str) -> bool:
    """Make the Node `name`, which kwok then plays; True once it exists."""
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "kwok",
                "topology.kubernetes.io/region": "sandbox",
                "topology.kubernetes.io/zone": "sandbox-a",
            },
        },
        "status": {"capacity": NODE_CAPACITY, "allocatable": NODE_CAPACITY},
    }
    return _made(cluster, "/api/v1/nodes", node)


def create_previewer(cluster: Cluster) -> bool:
    """Make what a cluster knows its previewer by, as it is now; True once all of it exists."""
    return all(
        _replaced(cluster, f"/apis/{each['apiVersion']}/{RESOURCES[each['kind']]}", each)
        for each in manifests()
    )


def is_node_ready(cluster: Cluster, name: str) -> bool:
    """Whether the Node `name` is Ready and takes pods."""
    response = _request("GET", f"{cluster.server}/api/v1/nodes/{name}", cluster)
    if response is None or not response.ok:
        return False
    node = response.json()
    conditions = {item["type"]: item["status"] for item in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def _made(cluster: Cluster, path: str, manifest: Mapping[str, Any]) -> bool:
    response = _request("POST", cluster.server + path, cluster, body=manifest)
    return response is not None and response.status_code in {201, 409}


def _replaced(cluster: Cluster, path: str, manifest: Mapping[str, Any]) -> bool:
    """Make an object exactly what the manifest says, whatever somebody has added to it."""
    if _made(cluster, path, manifest):
        url = f"{cluster.server}{path}/{manifest['metadata']['name']}"
        live = _request("GET", url, cluster)
        if live is not None and live.ok:
            version = {"resourceVersion": live.json()["metadata"]["resourceVersion"]}
            body = {**manifest, "metadata": {**manifest["metadata"], **version}}
            response = _request("PUT", url, cluster, body=body)
            return response is not None and response.ok
    return False


def _request(
    method: str, url: str, cluster: Cluster, identity: Identity = ADMIN, body: Any = None
) -> requests.Response | None:
    with requests.Session() as session:
        session.trust_env = False  # a proxy never stands before the loopback
        session.verify = str(cluster.pki / f"{identity.authority}.crt")
        certificate = cluster.pki / f"{identity.client}.crt"
        session.cert = (str(certificate), str(certificate.with_suffix(".key")))
        try:
            return session.request(method, url, json=body, timeout=SECONDS)
        except (requests.RequestException, OSError):
            return None
