"""What is exported is compared with what a Flux user would have written."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import git
import pytest
import yaml

from components.lib.manifests import documents
from sluice.declaration.program import declaration
from sluice.flux.exporter import Export, export
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

HEAD = "import pulumi\nfrom components import *\nfrom components import member\n\n"
FORM = {"metadata", "spec", "apiVersion", "kind"}


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_charts: Any) -> Any:
    """Export a stack of the given members."""
    monkeypatch.setattr("components.kustomize.kustomization.build", _rendered)

    def make(members: str, suspended: dict[str, str] | None = None, patches: str = "()") -> Export:
        (tmp_path / "stacks").mkdir()
        body = textwrap.indent(textwrap.dedent(members), "    ")
        program = f"{HEAD}class Case(Environment):\n    patches = {patches}\n{body}\n"
        program += "\ndef environment(stack):\n    return Case\n"
        (tmp_path / "stacks" / "__init__.py").write_text(program)
        (tmp_path / "Pulumi.yaml").write_text("name: platform\nconfig: {platform:context: {}}\n")
        config = "config: {platform:context: qa}\n"
        (tmp_path / "stacks" / "Pulumi.qa.yaml").write_text(config)
        repository = Repository(tmp_path)
        return export(
            repository, declaration(Stack(repository, "qa"), fake_charts), suspended or {}
        )

    return make


def _rendered(folder: Path, _overlay: Any) -> list[dict[str, Any]]:
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": folder.name}}]


def only(found: Export, kind: str) -> Any:
    (manifest,) = (each for each in found.objects if each["kind"] == kind)
    assert manifest.keys() <= FORM
    return yaml.safe_load(documents.dump(manifest))


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


def test_a_kustomization_carries_the_environments_patches_of_its_objects(exported: Any) -> None:
    found = exported(
        """
        @member
        def base(self):
            return Kustomization("base", KustomizationArgs(path="manifests/base"))

        @member
        def rules(self):
            return Kustomization(
                "rules",
                KustomizationArgs(
                    path="manifests/rules",
                    target_namespace="monitoring",
                    substitute={"environment": "qa"},
                    images=[ImageOverride(name="web", new_tag="2")],
                    common_metadata=CommonMetadata(labels={"team": "blue"}),
                    prune=False,
                    wait=False,
                    health_checks=[HealthReference(kind="ConfigMap", name="rules")],
                    health_check_exprs=[
                        HealthCheckExpr(api_version="a/v1", kind="A", current=Condition()),
                        HealthCheckExpr(
                            api_version="b/v1", kind="B", current=Expression(current="data.a == 1")
                        ),
                        HealthCheckExpr(
                            api_version="c/v1", kind="C", current=JSONPath(path="{.data.a}")
                        ),
                    ],
                ),
                pulumi.ResourceOptions(depends_on=[self.base]),
            )
        """,
        suspended={"rules": "a reason"},
        patches="(Patch(kind='ConfigMap', name='rules', merge={'data': {'a': 'b'}}),)",
    )
    rules = next(each for each in found.objects if each["metadata"]["name"] == "rules")
    patch = rules["spec"].pop("patches")
    assert [each["target"] for each in patch] == [{"kind": "ConfigMap", "name": "rules"}]
    assert yaml.safe_load(patch[0]["patch"])["data"] == {"a": "b"}
    assert rules["spec"] == {
        "interval": "10m",
        "path": "./manifests/rules",
        "sourceRef": {"kind": "GitRepository", "name": "platform", "namespace": "flux-system"},
        "prune": False,
        "wait": False,
        "timeout": "5m",
        "targetNamespace": "monitoring",
        "images": [{"name": "web", "newTag": "2"}],
        "commonMetadata": {"labels": {"team": "blue"}},
        "postBuild": {"substitute": {"environment": "qa"}},
        "healthChecks": [{"kind": "ConfigMap", "name": "rules"}],
        "healthCheckExprs": [
            {
                "apiVersion": "a/v1",
                "kind": "A",
                "current": "status.conditions.filter(e, e.type == 'Ready')"
                ".all(e, e.status == 'True')",
            },
            {"apiVersion": "b/v1", "kind": "B", "current": "data.a == 1"},
        ],
        "dependsOn": [{"name": "base"}],
        "suspend": True,
    }
    assert any("no remote" in each for each in found.remarks)
    assert any("a field that makes a C healthy" in each for each in found.remarks)


def test_an_artifact_and_what_decrypts_are_named_as_in_flux(exported: Any) -> None:
    found = exported("""
        @member
        def rules(self):
            ref = OCIRef(semver="1.x")
            return Kustomization(
                "rules",
                KustomizationArgs(
                    path="rules",
                    source=OCIRepository("manifests", "oci://registry.example.org/rules", ref=ref),
                    decryption=DecryptionProvider.SOPS,
                ),
            )
    """)
    source = only(found, "OCIRepository")
    assert source["spec"] == {
        "interval": "10m",
        "url": "oci://registry.example.org/rules",
        "ref": {"semver": "1.x"},
    }
    spec = only(found, "Kustomization")["spec"]
    assert spec["sourceRef"] == {
        "kind": "OCIRepository",
        "name": "manifests",
        "namespace": "flux-system",
    }
    assert spec["decryption"] == {"provider": "sops"}


def test_what_flux_has_no_kind_for_is_said(exported: Any) -> None:
    found = exported("""
        @member
        def web(self):
            return Application("web", ApplicationArgs(image="registry.local/web:1"))
    """)
    assert found.objects == []
    assert found.remarks[0].startswith("Application web, Namespace web: Flux has no such kind")


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("git@gitea.local:team/platform.git", "ssh://git@gitea.local/team/platform.git"),
        ("https://ada:token@gitea.local/platform.git", "https://gitea.local/platform.git"),
        ("ssh://git@gitea.local:2222/platform.git", "ssh://git@gitea.local:2222/platform.git"),
    ],
)
def test_the_git_source_is_the_repositorys_remote(
    exported: Any, tmp_path: Path, remote: str, url: str
) -> None:
    with git.Repo.init(tmp_path, initial_branch="main") as repo:
        repo.create_remote("origin", remote)
    found = exported("""
        @member
        def rules(self):
            return Kustomization("rules", KustomizationArgs(path="manifests/rules"))
    """)
    spec = only(found, "GitRepository")["spec"]
    assert spec == {"interval": "10m", "url": url, "ref": {"branch": "main"}}


def test_images_are_flux_s_own_repository_and_policy(exported: Any) -> None:
    found = exported("""
        @member
        def app_policy(self):
            repository = ImageRepository(
                "app", ImageRepositoryArgs(image="gitea.local/team/app", ca_file="pki/ca.pem")
            )
            return ImagePolicy(
                "app",
                ImagePolicyArgs(
                    repository=repository,
                    policy=NumericalPolicy(Order.DESC),
                    filter_tags=TagFilter("^main-(?P<ts>[0-9]+)$", "$ts"),
                    digest_reflection_policy=ReflectionPolicy.ALWAYS,
                ),
            )
        @member
        def web_policy(self):
            repository = ImageRepository("web", ImageRepositoryArgs(image="web", exclusion_list=()))
            return ImagePolicy(
                "web", ImagePolicyArgs(repository=repository, policy=SemVerPolicy("1.x"))
            )
        """)
    specs = {(each["kind"], each["metadata"]["name"]): each["spec"] for each in found.objects}
    assert specs == {
        ("ImageRepository", "app"): {
            "interval": "10m",
            "image": "gitea.local/team/app",
            "exclusionList": [r"^.*\.sig$"],
        },
        ("ImagePolicy", "app"): {
            "imageRepositoryRef": {"name": "app"},
            "policy": {"numerical": {"order": "desc"}},
            "filterTags": {"pattern": "^main-(?P<ts>[0-9]+)$", "extract": "$ts"},
            "digestReflectionPolicy": "Always",
            "interval": "10m",
        },
        ("ImageRepository", "web"): {"interval": "10m", "image": "web"},
        ("ImagePolicy", "web"): {
            "imageRepositoryRef": {"name": "web"},
            "policy": {"semver": {"range": "1.x"}},
            "digestReflectionPolicy": "IfNotPresent",
        },
    }
    assert found.remarks == [
        "ImageRepository app: pki/ca.pem belongs into a Secret of its certSecretRef"
    ]
