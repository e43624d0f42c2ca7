"""The published charts install, by both protocols, and pass their own tests."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from sluice.sandbox.chart_server.catalog import CATALOG, UPSTREAM, PublishedChart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sluice.sandbox.sandbox import Sandbox
    from tests.integration.conftest import ClusterAccess
    from tests.integration.sandbox.conftest import Helm

VERSIONS = [
    pytest.param(chart, version, id=f"{chart.name}-{version}")
    for chart in CATALOG
    for version in chart.versions
]
ADDRESS = {repository: upstream for upstream, repository in reversed(UPSTREAM.items())}


@pytest.fixture
def release(helm: Helm, cluster: ClusterAccess, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a release and of its namespace, both removed afterwards."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[-30:].strip("-")
    yield name
    helm("uninstall", name, f"--namespace={name}", "--ignore-not-found", "--wait")
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.parametrize(("chart", "version"), VERSIONS)
def test_a_chart_installs_from_its_repository_and_passes_its_test(
    helm: Helm,
    sandbox: Sandbox,
    cluster: ClusterAccess,
    release: str,
    chart: PublishedChart,
    version: str,
) -> None:
    repository = sandbox.mirrors[ADDRESS[chart.repository]]
    source = [chart.name, f"--repo={repository}", f"--version={version}"]
    _install(helm, release, source)
    helm("test", release, f"--namespace={release}", "--timeout=60s")
    deployed = json.loads(helm("list", f"--namespace={release}", "-o", "json"))[0]
    assert deployed["chart"] == f"{chart.name}-{version}"
    assert deployed["app_version"] == chart.versions[version]
    assert _completed_jobs(cluster, release) == 1


def test_an_uninstalled_release_leaves_nothing(
    helm: Helm, sandbox: Sandbox, cluster: ClusterAccess, release: str
) -> None:
    repository = sandbox.mirrors[ADDRESS["gitea"]]
    _install(helm, release, ["gitea", f"--repo={repository}"])
    helm("uninstall", release, f"--namespace={release}", "--wait")
    kinds = "all,configmaps,secrets,serviceaccounts,ingresses,persistentvolumeclaims"
    left = cluster.kubectl("get", kinds, "-n", release, "-o", "name").split()
    assert left == ["configmap/kube-root-ca.crt", "serviceaccount/default"]


@pytest.mark.parametrize(("chart", "version"), VERSIONS)
def test_a_chart_is_pulled_by_oci_with_the_same_bytes(
    helm: Helm, sandbox: Sandbox, tmp_path: Path, chart: PublishedChart, version: str
) -> None:
    repository = sandbox.mirrors["oci://registry-1.docker.io/bitnamicharts"].rpartition("/")[0]
    source = f"{repository}/{chart.repository}/{chart.name}"
    helm("pull", source, f"--version={version}", "--plain-http", f"--destination={tmp_path}")
    archive = f"{chart.name}-{version}.tgz"
    classic = sandbox.folder / "charts" / "published" / chart.repository / archive
    assert (tmp_path / archive).read_bytes() == classic.read_bytes()


def test_a_chart_installs_by_oci(helm: Helm, sandbox: Sandbox, release: str) -> None:
    source = sandbox.mirrors["oci://registry-1.docker.io/bitnamicharts"] + "/redis"
    _install(helm, release, [source, "--version=20.1.0", "--plain-http"])
    helm("test", release, f"--namespace={release}", "--timeout=60s")


def test_an_upgrade_keeps_the_generated_password(
    helm: Helm, sandbox: Sandbox, cluster: ClusterAccess, release: str
) -> None:
    repository = sandbox.mirrors["https://charts.bitnami.com/bitnami"]
    source = ["redis", f"--repo={repository}"]
    _install(helm, release, [*source, "--version=18.19.4"])
    before = _password(cluster, release)
    _install(helm, release, [*source, "--version=20.1.0", "--set=replica.replicaCount=2"])
    assert _password(cluster, release) == before


def test_each_architecture_of_postgresql_gets_ready(
    helm: Helm, sandbox: Sandbox, release: str
) -> None:
    repository = sandbox.mirrors["https://charts.bitnami.com/bitnami"]
    source = ["postgresql", f"--repo={repository}", "--set=architecture=replication"]
    _install(helm, release, [*source, "--set=auth.username=app,auth.database=app"])


def _install(helm: Helm, release: str, source: Sequence[str]) -> None:
    where = [f"--namespace={release}", "--create-namespace", "--wait", "--timeout=90s"]
    helm("upgrade", "--install", release, *source, *where)


def _completed_jobs(cluster: ClusterAccess, namespace: str) -> int:
    """How many Jobs of the namespace completed; a hook's Job is removed when it has."""
    selector = "--field-selector=involvedObject.kind=Job,reason=Completed"
    return len(cluster.kubectl("get", "events", "-n", namespace, selector, "-o", "name").split())


def _password(cluster: ClusterAccess, release: str) -> str:
    path = "jsonpath={.data.redis-password}"
    return cluster.kubectl("get", "secret", "-n", release, f"{release}-redis", "-o", path)
