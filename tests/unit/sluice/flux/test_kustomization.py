"""A Kustomization as a Flux user would have written it."""

from __future__ import annotations

from typing import Any

import yaml

from tests.unit.sluice.flux.manifests import only


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
