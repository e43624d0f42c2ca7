"""The command line of each program of a control plane.

Everything that a cluster's users can see is as kubeadm sets it up: RBAC, the
default admission plugins, controllers that act as their own service accounts.
What differs is what one machine without containers lacks (kubelets, a service
network) and what only costs time here (fsync, profiling, leader election).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sluice.sandbox.control_plane.cluster import ETCD_PEER
from sluice.sandbox.processes.ports import LOOPBACK

if TYPE_CHECKING:
    from sluice.sandbox.control_plane.cluster import Cluster

__all__ = ["command"]

KWOK_STAGES = Path(__file__).with_name("kwok.yaml")
SERVICE_RANGE = "10.96.0.0/16"
POD_RANGE = "10.0.0.1/16"
API_REQUESTS_PER_SECOND = 1000  # no client in the sandbox should wait for its own rate limit
ABSENT_CONTROLLERS = (
    "cloud-node-lifecycle-controller",  # no cloud
    "node-ipam-controller",  # kwok gives the pods their addresses
    "node-route-controller",
    "persistentvolume-attach-detach-controller",  # no kubelet mounts anything
    "persistentvolume-expander-controller",
    "service-lb-controller",
    "storage-version-migrator-controller",
)


def command(cluster: Cluster, program: str, programs: Path) -> list[str]:
    """How to start `program` of `cluster` from the folder of executables `programs`."""
    arguments = {
        "etcd": _etcd,
        "kube-apiserver": _api_server,
        "kube-controller-manager": _controller_manager,
        "kube-scheduler": _scheduler,
        "kwok": _kwok,
    }[program](cluster)
    return [str(programs / program), *(f"--{flag}={value}" for flag, value in arguments.items())]


def _etcd(cluster: Cluster) -> dict[str, object]:
    ports, pki = cluster.ports(), cluster.pki
    client, peer = (f"https://{LOOPBACK}:{ports[port]}" for port in ("etcd", ETCD_PEER))
    return {
        "name": cluster.name,
        "data-dir": cluster.folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"{cluster.name}={peer}",
        "cert-file": pki / "etcd.crt",
        "key-file": pki / "etcd.key",
        "trusted-ca-file": pki / "etcd-ca.crt",
        "client-cert-auth": "true",
        "peer-cert-file": pki / "etcd.crt",
        "peer-key-file": pki / "etcd.key",
        "peer-trusted-ca-file": pki / "etcd-ca.crt",
        "peer-client-cert-auth": "true",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }


def _api_server(cluster: Cluster) -> dict[str, object]:
    ports, pki = cluster.ports(), cluster.pki
    return {
        "bind-address": LOOPBACK,
        "secure-port": ports["kube-apiserver"],
        "advertise-address": LOOPBACK,
        "endpoint-reconciler-type": "none",  # a loopback address is no valid endpoint
        "tls-cert-file": pki / "server.crt",
        "tls-private-key-file": pki / "server.key",
        "client-ca-file": pki / "ca.crt",
        "authorization-mode": "Node,RBAC",
        "allow-privileged": "true",
        "etcd-servers": f"https://{LOOPBACK}:{ports['etcd']}",
        "etcd-cafile": pki / "etcd-ca.crt",
        "etcd-certfile": pki / "etcd-client.crt",
        "etcd-keyfile": pki / "etcd-client.key",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": pki / "service-account.key",
        "service-account-signing-key-file": pki / "service-account.key",
        "service-cluster-ip-range": SERVICE_RANGE,
        "profiling": "false",
    }


def _controller_manager(cluster: Cluster) -> dict[str, object]:
    pki = cluster.pki
    return {
        **_component(cluster, "kube-controller-manager"),
        "use-service-account-credentials": "true",
        "service-account-private-key-file": pki / "service-account.key",
        "root-ca-file": pki / "ca.crt",
        "cluster-signing-cert-file": pki / "ca.crt",
        "cluster-signing-key-file": pki / "ca.key",
        "controllers": ",".join(["*", *(f"-{name}" for name in ABSENT_CONTROLLERS)]),
        "concurrent-gc-syncs": 20,
    }


def _scheduler(cluster: Cluster) -> dict[str, object]:
    return _component(cluster, "kube-scheduler")


def _component(cluster: Cluster, program: str) -> dict[str, object]:
    kubeconfig = cluster.component_kubeconfig(program)
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authentication-skip-lookup": "true",  # no front proxy stands before the API
        "client-ca-file": cluster.pki / "ca.crt",
        "authorization-kubeconfig": kubeconfig,
        "bind-address": LOOPBACK,
        "secure-port": cluster.ports()[program],
        "tls-cert-file": cluster.pki / "server.crt",
        "tls-private-key-file": cluster.pki / "server.key",
        "leader-elect": "false",
        "profiling": "false",
        "kube-api-qps": API_REQUESTS_PER_SECOND,
        "kube-api-burst": 2 * API_REQUESTS_PER_SECOND,
    }


def _kwok(cluster: Cluster) -> dict[str, object]:
    return {
        "kubeconfig": cluster.component_kubeconfig("kwok"),
        "config": KWOK_STAGES,
        "manage-all-nodes": "true",
        "cidr": POD_RANGE,
        "node-ip": LOOPBACK,
        "node-lease-duration-seconds": 40,
        "server-address": f"{LOOPBACK}:{cluster.ports()['kwok']}",
    }
