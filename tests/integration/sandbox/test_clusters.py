"""What the clusters of a running sandbox do."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.sandbox.sandbox import Sandbox
    from tests.integration.conftest import Access, ClusterAccess

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: example.com/web:1}]
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata:
  name: task
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: task, image: example.com/task:1}]
"""


@pytest.fixture
def namespace(cluster: ClusterAccess, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def test_every_program_is_ready(sandbox: Sandbox) -> None:
    rows = sandbox.status()
    assert len(rows) == len(CLUSTERS) * 5 + 1
    assert all(row.ready and row.pid and row.port and row.memory for row in rows)


def test_the_node_of_each_cluster_is_ready(sandbox: Sandbox, access: Access) -> None:
    for name in CLUSTERS:
        nodes = json.loads(access(sandbox, name).kubectl("get", "nodes", "-o", "json"))["items"]
        conditions = {item["type"]: item["status"] for item in nodes[0]["status"]["conditions"]}
        assert conditions["Ready"] == "True"
        assert "taints" not in nodes[0]["spec"]


def test_a_service_account_without_rights_is_refused(
    cluster: ClusterAccess, namespace: str
) -> None:
    token = cluster.kubectl("create", "token", "default", "-n", namespace).strip()
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        _as_token(cluster, token, "get", "secrets", "-n", namespace)
    assert "cannot list resource" in refusal.value.stderr


def test_a_service_account_with_a_role_is_allowed(cluster: ClusterAccess, namespace: str) -> None:
    cluster.kubectl("create", "role", "r", "--verb=list", "--resource=secrets", "-n", namespace)
    account = f"{namespace}:default"
    cluster.kubectl(
        "create", "rolebinding", "r", "--role=r", f"--serviceaccount={account}", "-n", namespace
    )
    token = cluster.kubectl("create", "token", "default", "-n", namespace).strip()
    _as_token(cluster, token, "get", "secrets", "-n", namespace)


def test_an_unknown_client_is_not_let_in(cluster: ClusterAccess) -> None:
    with pytest.raises(subprocess.CalledProcessError, match="kubectl"):
        _as_token(cluster, "no-such-token", "get", "--raw", "/api")


def test_what_is_made_in_one_context_is_in_no_other(
    sandbox: Sandbox, access: Access, namespace: str
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        access(sandbox, "staging-cluster").kubectl("get", "namespace", namespace)
    assert "NotFound" in failure.value.stderr


def test_each_cluster_has_an_authority_of_its_own(sandbox: Sandbox) -> None:
    authorities = {path.read_bytes() for path in (sandbox.folder / "clusters").glob("*/pki/ca.crt")}
    assert len(authorities) == len(CLUSTERS)


def test_a_deployment_gets_ready(cluster: ClusterAccess, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", manifest=DEPLOYMENT)
    cluster.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=60s")


def test_a_job_completes(cluster: ClusterAccess, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", manifest=JOB)
    cluster.kubectl(
        "wait", "-n", namespace, "--for=condition=Complete", "job/task", "--timeout=60s"
    )


def test_a_quota_is_enforced(cluster: ClusterAccess, namespace: str) -> None:
    cluster.kubectl("create", "quota", "q", "--hard=configmaps=1", "-n", namespace)
    quota = "jsonpath={.status.used.configmaps}=1"
    cluster.kubectl("wait", "-n", namespace, f"--for={quota}", "quota/q", "--timeout=30s")
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        cluster.kubectl("create", "configmap", "second", "-n", namespace)
    assert "exceeded quota" in refusal.value.stderr


def test_a_deleted_owner_takes_its_dependents_along(cluster: ClusterAccess, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", manifest=DEPLOYMENT)
    cluster.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=60s")
    cluster.kubectl("delete", "-n", namespace, "deployment/web")
    cluster.kubectl(
        "wait", "-n", namespace, "--for=delete", "pods", "-l", "app=web", "--timeout=60s"
    )


def test_a_service_gets_its_endpoints(cluster: ClusterAccess, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", manifest=DEPLOYMENT)
    cluster.kubectl("expose", "-n", namespace, "deployment/web", "--port=80")
    cluster.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=60s")
    ready = "jsonpath={.endpoints[2].conditions.ready}=true"
    slices = "endpointslices", "-l", "kubernetes.io/service-name=web"
    cluster.kubectl("wait", "-n", namespace, f"--for={ready}", *slices, "--timeout=30s")


def _as_token(cluster: ClusterAccess, token: str, *arguments: str) -> str:
    """`kubectl` with a token instead of the administrator's certificate."""
    server = cluster.kubectl(
        "config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"
    )
    authority = cluster.kubeconfig.parent / "clusters" / cluster.context / "pki" / "ca.crt"
    cache = cluster.kubeconfig.with_name("kubectl-cache")
    who = [
        f"--cache-dir={cache}",
        f"--token={token}",
        f"--server={server}",
        f"--certificate-authority={authority}",
    ]
    return subprocess.run(
        [cluster.programs / "kubectl", "--kubeconfig=/dev/null", *who, *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
