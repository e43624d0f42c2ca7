"""A release as a Flux user would have written it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.sluice.flux.manifests import only


def test_a_release_is_a_helm_release_of_the_declared_range(exported: Any) -> None:
    found = exported("""
        @member
        def databases(self):
            return Namespace("databases")

        @member
        def redis(self):
            return HelmRelease(
                "redis",
                HelmReleaseArgs(
                    chart="redis",
                    repository=HelmRepository("bitnami", "https://charts.bitnami.com/bitnami"),
                    version="19.x",
                    namespace=self.databases,
                    release_name="cache",
                    values={
                        "replica": {"count": 2},
                        "auth": {"user": "admin", "password": pulumi.Output.secret("s3cret")},
                    },
                    timeout="10m",
                    crds=CRDsPolicy.SKIP,
                    atomic=False,
                    test=HelmTest(filters=[HelmTestFilter(name="slow", exclude=True)]),
                ),
            )
    """)
    assert only(found, "HelmRepository") == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": "bitnami", "namespace": "flux-system"},
        "spec": {"interval": "10m", "url": "https://charts.bitnami.com/bitnami"},
    }
    secret = {
        "kind": "Secret",
        "name": "redis-secret-values",
        "valuesKey": "auth.password",
        "targetPath": "auth.password",
    }
    repository = {"kind": "HelmRepository", "name": "bitnami", "namespace": "flux-system"}
    assert only(found, "HelmRelease") == {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "redis", "namespace": "databases"},
        "spec": {
            "interval": "10m",
            "releaseName": "cache",
            "chart": {"spec": {"chart": "redis", "version": "19.x", "sourceRef": repository}},
            "timeout": "10m",
            "maxHistory": 5,
            "install": {"createNamespace": False, "crds": "Skip"},
            "upgrade": {"crds": "Skip", "cleanupOnFail": False, "preserveValues": False},
            "values": {"replica": {"count": 2}, "auth": {"user": "admin"}},
            "valuesFrom": [secret],
            "test": {
                "enable": True,
                "timeout": "5m",
                "ignoreFailures": False,
                "filters": [{"name": "slow", "exclude": True}],
            },
        },
    }
    assert "s3cret" not in str(found)
    assert any("the value auth.password is secret" in each for each in found.remarks)
    assert any("waits for the Namespace databases" in each for each in found.remarks)


def test_values_files_lie_below_values_that_the_cluster_has(exported: Any, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("{a: 1, b: 1}")
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "cosign.pub").write_text("a key")
    found = exported("""
        @member
        def web(self):
            return HelmRelease(
                "web",
                HelmReleaseArgs(
                    chart="web",
                    repository=OCIRepository(
                        "charts",
                        "oci://registry.local/charts",
                        verify=CosignVerification(key="pki/cosign.pub"),
                    ),
                    namespace="web",
                    values_files=["values.yaml"],
                    values_from=[ValuesReference(kind="Secret", name="tokens", key="web.yaml")],
                    values={"c": 3},
                ),
            )
    """)
    assert only(found, "HelmRepository")["spec"]["type"] == "oci"
    assert any("(cosign key pki/cosign.pub) is `verify` in Flux" in each for each in found.remarks)
    (config,) = (each for each in found.objects if each["kind"] == "ConfigMap")
    assert config["data"] == {"values.yaml": "a: 1\nb: 1\n"}
    spec = only(found, "HelmRelease")["spec"]
    assert spec["values"] == {"c": 3}
    assert spec["valuesFrom"] == [
        {"kind": "ConfigMap", "name": config["metadata"]["name"]},
        {"kind": "Secret", "name": "tokens", "valuesKey": "web.yaml"},
    ]
