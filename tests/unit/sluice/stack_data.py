"""One stack as Pulumi and the cluster tell it: what the verbs that show are tried with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sluice.backend.state import Resource
from sluice.inventory.component import components
from sluice.inventory.deployed import Deployed
from sluice.inventory.history import Deployment
from sluice.inventory.liveness import Live

COMMIT = "abc1234" + 33 * "0"
BEGIN = datetime(2026, 11, 23, 21, tzinfo=UTC)
ENVIRONMENT = "urn:sluice:environment:Environment::dev"


def resource(
    kind: str, name: str, parent: str = ENVIRONMENT, /, needs: tuple[str, ...] = (), **outputs: Any
) -> Resource:
    is_component = kind.startswith("sluice:")
    return Resource(
        f"urn:{kind}::{name}",
        kind,
        name,
        parent,
        outputs,
        dependencies=needs,
        created=BEGIN,
        where="stacks/base.py:42" if is_component else "",
    )


def made(kind: str, name: str, parent: Resource, namespace: str = "shop") -> Resource:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return resource(f"kubernetes:{kind}", name, parent.urn, metadata=metadata)


WEB = resource("sluice:apps:Application", "web", image="registry.local:5000/web:1.2@sha256:00")
SPACE = resource("sluice:core:Namespace", "shop", WEB.urn, name="shop")
SHOP = made("core/v1:Namespace", "shop", SPACE, "")
CHARTS = resource("sluice:source:HelmRepository", "charts", url="https://charts.example.org")
REDIS = resource(
    "sluice:helm:HelmRelease",
    "redis",
    needs=(SHOP.urn,),
    version="19.6.4",
    chart="redis",
    repository="helmrepository/charts",
)
STATE = [
    resource("pulumi:pulumi:Stack", "p-dev", ""),
    resource("sluice:environment:Environment", "dev", "urn:pulumi:pulumi:Stack::p-dev"),
    WEB,
    SPACE,
    REDIS,
    CHARTS,
    made("apps/v1:Deployment", "web", WEB),
    made("core/v1:Service", "web", WEB),
    SHOP,
    resource(
        "kubernetes:helm.sh/v3:Release",
        "redis",
        REDIS.urn,
        name="redis",
        namespace="shop",
        resourceNames={
            "StatefulSet.apps/apps/v1": ["shop/redis-master"],
            "ConfigMap/v1": ["redis"],
            "ClusterRole.rbac.authorization.k8s.io/rbac.authorization.k8s.io/v1": ["redis"],
        },
    ),
]


def deployment(number: int = 1, **changed: Any) -> Deployment:
    told: dict[str, Any] = {
        "number": number,
        "commit": COMMIT,
        "dirty": False,
        "author": "Ada <ada@example.com>",
        "pull_request": None,
        "started": BEGIN,
        "seconds": 12.0,
        "counts": {"create": 7},
        "result": "succeeded",
        "cause": "by hand",
        "message": "the shop",
    }
    return Deployment(**{**told, **changed})


DEPLOYED = Deployed("dev", components(STATE), [deployment()])


def live_object(
    kind: str, name: str, namespace: str = "shop", *, owner: str = "", **rest: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": f"{kind}-{name}", "generation": 1}
    if namespace:
        metadata["namespace"] = namespace
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    return {"kind": kind, "metadata": metadata, "spec": {"replicas": 1}, **rest}


_READY = {"observedGeneration": 1, "updatedReplicas": 1, "readyReplicas": 1}
_RUNNING = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def live(**instead: Any) -> Live:
    """Everything of the stack is there and ready, but the kinds that are given `instead`."""
    listed = {
        ("apps/v1", "Deployment"): [live_object("Deployment", "web", status=_READY)],
        ("apps/v1", "ReplicaSet"): [
            live_object("ReplicaSet", "web-new", owner="Deployment-web", status=_READY),
            live_object("ReplicaSet", "web-old", owner="Deployment-web", spec={"replicas": 0}),
        ],
        ("apps/v1", "StatefulSet"): [live_object("StatefulSet", "redis-master", status=_READY)],
        ("rbac.authorization.k8s.io/v1", "ClusterRole"): [live_object("ClusterRole", "redis", "")],
        ("v1", "ConfigMap"): [live_object("ConfigMap", "redis")],
        ("v1", "Namespace"): [live_object("Namespace", "shop", "", status={"phase": "Active"})],
        ("v1", "Pod"): [
            live_object("Pod", "web-new-1", owner="ReplicaSet-web-new", status=_RUNNING)
        ],
        ("v1", "Service"): [live_object("Service", "web")],
    }
    return Live({kind: instead.get(kind[1], found) for kind, found in listed.items()})
