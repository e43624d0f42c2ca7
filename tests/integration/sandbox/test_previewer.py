"""Who previews in the sandbox's pipeline: what he may look at, and that he keeps nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sluice.sandbox.chart_server.catalog import CHARTS
from sluice.sandbox.control_plane.cluster import Cluster
from sluice.sandbox.control_plane.kubeconfig import render
from sluice.sandbox.control_plane.previewer import TRIED
from sluice.sandbox.control_plane.probe import create_previewer
from sluice.sandbox.sandbox import Sandbox
from sluice.security.dry_runs import UNGUARDED_GROUP
from tests.gitea_sandbox import eventually

Kubectl = Callable[..., subprocess.CompletedProcess[str]]
DRY_RUN = "--dry-run=server"


@pytest.fixture
def kubectl(sandbox: Sandbox, programs: Path, tmp_path: Path) -> Kubectl:
    """`kubectl` as the previewer of dev-cluster."""
    cluster = Cluster(sandbox.folder / "clusters" / "dev-cluster")
    for _ in range(2):
        # Another test's process may be at the same objects in the same moment.
        eventually(lambda: create_previewer(cluster) or None, "the previewer's rights")
    file = tmp_path / "kubeconfig"
    file.write_text(render([cluster.context("previewer")]))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [programs / "kubectl", "--kubeconfig", file, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    # The server takes a new policy up within seconds.
    eventually(
        lambda: "nothing but dry runs" in run("create", "namespace", "kept").stderr or None,
        "the policy",
    )
    return run


def test_he_reads_and_asks_by_dry_runs_and_keeps_nothing(kubectl: Kubectl) -> None:
    assert "node-0" in kubectl("get", "nodes", "--output=name").stdout
    role = ("clusterrole", "all", "--verb=*", "--resource=*.*")
    for what in (("namespace", "shop"), role):
        assert kubectl("create", *what, DRY_RUN).returncode == 0
        assert "this account previews: it may do nothing but dry runs" in (
            kubectl("create", *what).stderr
        )
        assert "NotFound" in kubectl("get", *what[:2]).stderr


BINDING = ("validatingadmissionpolicybinding", "sluice-previewer")
WEBHOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: mine}
webhooks: []
"""
SERVICE = """\
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.mine.example}
spec:
  group: mine.example
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  service: {name: mine, namespace: default}
"""


def test_he_does_not_free_himself_from_the_policy(kubectl: Kubectl, tmp_path: Path) -> None:
    patch = ("--type=merge", '--patch={"spec": {"validationActions": ["Audit"]}}')
    webhook = tmp_path / "webhook.yaml"
    webhook.write_text(WEBHOOK)
    service = tmp_path / "service.yaml"
    service.write_text(SERVICE)
    for tried in (
        ("delete", *BINDING),
        ("patch", *BINDING, *patch),
        ("delete", "validatingadmissionpolicy", "sluice-previewer"),
        ("create", "--filename", str(webhook)),
        ("create", "--filename", str(service)),
        ("delete", "clusterrolebinding", "sluice-previewer"),
    ):
        refused = kubectl(*tried)
        assert refused.returncode != 0, tried
        assert "orbidden" in refused.stderr or "nothing but dry runs" in refused.stderr, tried
    assert kubectl("create", "--filename", str(service), DRY_RUN).returncode == 0
    assert kubectl("get", *BINDING).returncode == 0
    assert "nothing but dry runs" in kubectl("create", "namespace", "kept").stderr


def test_he_tries_whatever_the_policy_guards(kubectl: Kubectl) -> None:
    own = "--selector=kube-aggregator.kubernetes.io/automanaged=onstart"
    group = "--output=jsonpath={range .items[*]}{.spec.group} {end}"
    cluster_groups = kubectl("get", "apiservices", own, group).stdout.split()
    charts = CHARTS.glob("*/crds/*.yaml")
    defined = {yaml.safe_load(file.read_text())["spec"]["group"] for file in charts}
    reviews = {"authentication.k8s.io", "authorization.k8s.io"}
    # What lists the APIServices is none of them.
    served = {"", "apiregistration.k8s.io", *cluster_groups, *defined}
    assert set(TRIED) == served - {UNGUARDED_GROUP, *reviews}


def test_he_becomes_nobody_else(kubectl: Kubectl, tmp_path: Path) -> None:
    asked = tmp_path / "token.json"
    asked.write_text('{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}')
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    for query in ("", "?dryRun=All"):
        given = kubectl("create", "--filename", str(asked), "--raw", path + query)
        assert "it may do nothing but dry runs" in given.stderr
    assert "Forbidden" in kubectl("get", "nodes", "--as=system:admin").stderr
