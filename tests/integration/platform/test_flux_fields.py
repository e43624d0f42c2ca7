"""Flux's fields of Kustomization and HelmRelease, on a real API server."""

from __future__ import annotations

import base64
import io
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.platform.members import NAMESPACE, release
from tests.registry import running

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

FIELDS = """
    crds=CRDsPolicy.CREATE_REPLACE,
    values_from=[
        ValuesReference(kind="ConfigMap", name="none", optional=True),
        ValuesReference(kind="Secret", name="keys", key="p", target_path="password"),
    ],
    post_renderers=[
        PostRenderer(
            patches=[Patch(kind="ConfigMap", name="web", merge={"data": {"patched": "yes"}})],
            images=[ImageOverride(name="registry.local/web", new_tag="9.9")],
        ),
    ],
    max_history=2,
"""


def test_a_release_takes_single_values_post_renderers_and_its_definitions(
    program: Program,
) -> None:
    checkout = program(NAMESPACE, release(FIELDS))
    inside = ("-n", checkout.stack)
    checkout.kubectl("create", "namespace", checkout.stack)
    checkout.kubectl("create", "secret", "generic", "keys", *inside, "--from-literal=p=hunter42")
    checkout.kubectl("delete", "crd", "gadgets.example.com", "--ignore-not-found")
    shown = checkout.sluice("up")
    assert checkout.get("configmap", "web")["data"]["patched"] == "yes"
    assert checkout.container("web")["image"] == "registry.local/web:9.9"
    assert '"password":"hunter42"' in checkout.helm("get", "values", "web", *inside, "-o", "json")
    assert "gadgets" in checkout.kubectl("get", "crd", "-o", "name")
    assert "Nothing to do" in checkout.sluice("up")
    assert "CustomResourceDefinition" not in checkout.sluice("diff", checkout.stack)
    assert "hunter42" not in shown + checkout.sluice("preview")
    _is_nowhere(checkout, "hunter42")


SHOP = """
    @member
    def shop(self):
        return Kustomization(
            "shop",
            KustomizationArgs(
                path="shop/base",
                components=["../debug", "../none"],
                ignore_missing_components=True,
                target_namespace=NAMESPACE,
                common_metadata=CommonMetadata(labels={"team": "blue"}),
                substitute={"team": "blue"},
                substitute_from=[
                    DataReference(kind="ConfigMap", name="zones", namespace=NAMESPACE),
                    DataReference(kind="Secret", name="keys", namespace=NAMESPACE),
                    DataReference(
                        kind="Secret", name="none", namespace=NAMESPACE, optional=True
                    ),
                ],
            ),
        )
"""
BASE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-${team}
data:
  zone: ${zone}
  token: a-${token}
  level: ${level:=info}
---
apiVersion: v1
kind: ResourceQuota
metadata:
  name: shop
spec:
  hard:
    pods: ${pods}
"""


def test_a_kustomization_takes_variables_of_the_cluster_and_components(program: Program) -> None:
    checkout = program(SHOP)
    inside = ("-n", checkout.stack)
    checkout.write("shop/base/shop.yaml", BASE)
    checkout.write(
        "shop/debug/kustomization.yaml",
        """\
        apiVersion: kustomize.config.k8s.io/v1alpha1
        kind: Component
        patches:
        - target: {kind: ConfigMap}
          patch: |
            - {op: add, path: /data/debug, value: "on"}
        """,
    )
    checkout.kubectl("create", "namespace", checkout.stack)
    values = ("--from-literal=zone=eu", "--from-literal=pods=7", "--from-literal=token=wrong")
    checkout.kubectl("create", "configmap", "zones", *inside, *values)
    hidden = "--from-literal=token=hunter43"
    checkout.kubectl("create", "secret", "generic", "keys", *inside, hidden)
    shown = checkout.sluice("up")
    live = checkout.get("configmap", "shop-blue")
    assert live["data"] == {"zone": "eu", "token": "a-hunter43", "level": "info", "debug": "on"}
    assert live["metadata"]["labels"] == {"team": "blue"}
    assert checkout.get("resourcequota", "shop")["spec"]["hard"] == {"pods": "7"}
    assert "Nothing to do" in checkout.sluice("up")
    assert "hunter43" not in shown + checkout.sluice("diff", checkout.stack) + checkout.sluice(
        "preview"
    )
    _is_nowhere(checkout, "hunter43")
    checkout.kubectl("delete", "configmap", "zones", *inside)
    checkout.sluice("up", fails=True)
    assert checkout.get("configmap", "shop-blue")["data"] == live["data"]


def _is_nowhere(checkout: Checkout, secret: str) -> None:
    """Search the state for the plain value, as text and as Kubernetes encodes it."""
    encoded = base64.b64encode(secret.encode()).decode()
    for file in (each for each in checkout.state.rglob("*") if each.is_file()):
        content = file.read_text(errors="replace")
        assert secret not in content, file
        assert encoded not in content, file


SOURCES = """
    @member
    def team(self):
        return GitRepository("team", GitRepositoryArgs(url="%s", ref=GitRef(branch="main")))

    @member
    def rules(self):
        return Kustomization(
            "rules",
            KustomizationArgs(
                path="./rules", source=self.team, target_namespace=self.namespace
            ),
        )

    @member
    def web(self):
        return HelmRelease(
            "web",
            HelmReleaseArgs(
                chart="./chart", repository=self.team, namespace=self.namespace,
                depends_on=[self.rules],
            ),
        )
"""


def test_a_git_source_is_locked_fetched_once_and_moves_by_lock_alone(
    program: Program, tmp_path: Path
) -> None:
    remote = tmp_path / "remote"
    shutil.copytree(Path(__file__).with_name("charts") / "web", remote / "chart")
    checkout = program(NAMESPACE, SOURCES % f"file://{remote}")
    _commit(checkout, remote, "one")
    assert f"source of 'team' is not locked; run `sluice lock {checkout.stack}`" in checkout.sluice(
        "up", fails=True
    )
    assert "main@sha1:" in checkout.sluice("lock")
    checkout.sluice("up")
    assert checkout.get("configmap", "rules")["data"] == {"greeting": "one"}
    assert checkout.releases() == {"web": "deployed"}
    _commit(checkout, remote, "two")
    remote.rename(tmp_path / "gone")
    assert "Nothing to do" in checkout.sluice("up")
    (tmp_path / "gone").rename(remote)
    assert "the lock fits" in checkout.sluice("lock", "--check")
    checkout.sluice("lock", "--upgrade", "team")
    checkout.sluice("up")
    assert checkout.get("configmap", "rules")["data"] == {"greeting": "two"}


def _commit(checkout: Checkout, remote: Path, greeting: str) -> None:
    """Commit a ConfigMap with a greeting to another repository, made if it is not there."""
    manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: rules}, data: {greeting: %s}}"
    (remote / "rules").mkdir(exist_ok=True)
    (remote / "rules" / "rules.yaml").write_text(manifest % greeting)
    inside = ("-C", str(remote))
    checkout.git(*inside, "init", "--quiet", "--initial-branch=main")
    checkout.git(*inside, "add", "--all")
    checkout.git(*inside, "commit", "--quiet", "--message", greeting)


ARTIFACT = """
    @member
    def manifests(self):
        return OCIRepository("manifests", "oci://%s/team/rules", ref=OCIRef(semver="1.x"))

    @member
    def rules(self):
        return Kustomization(
            "rules",
            KustomizationArgs(
                path="./rules", source=self.manifests, target_namespace=Namespace(NAMESPACE)
            ),
        )
"""


def test_an_oci_artifact_is_locked_by_digest_fetched_once_and_moves_by_lock_alone(
    program: Program, tmp_path: Path
) -> None:
    with running(tmp_path / "registry") as registry:
        registry.push_artifact("team/rules", "1.0.0", _archive("one"))
        checkout = program(ARTIFACT % registry.host)
        assert "manifests' is not locked; run `sluice lock" in checkout.sluice("up", fails=True)
        assert "1.0.0@sha256:" in checkout.sluice("lock")
        checkout.sluice("up")
        assert checkout.get("configmap", "rules")["data"] == {"greeting": "one"}
        digest = registry.push_artifact("team/rules", "1.1.0", _archive("two"))
        registry.push_artifact("team/rules", "2.0.0", _archive("three"))
        assert "Nothing to do" in checkout.sluice("up")
        checkout.sluice("lock", "--upgrade", "manifests")
        checkout.sluice("up")
    assert checkout.get("configmap", "rules")["data"] == {"greeting": "two"}
    folder = checkout.root / ".sluice" / "sources" / f"oci-{digest.removeprefix('sha256:')}"
    (folder / "rules" / "rules.yaml").write_text("changed: by hand")
    assert "Nothing to do" in checkout.sluice("up")


def _archive(greeting: str) -> bytes:
    """The archive of a folder with a ConfigMap."""
    manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: rules}, data: {greeting: %s}}"
    content = (manifest % greeting).encode()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        member = tarfile.TarInfo("rules/rules.yaml")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


RULES = """
    @member
    def rules(self):
        return Kustomization(
            "rules",
            KustomizationArgs(
                path="rules",
                target_namespace=Namespace(NAMESPACE),
                timeout="5s",
                health_check_exprs=[
                    HealthCheckExpr(
                        api_version="v1",
                        kind="ConfigMap",
                        current=%s,
                    ),
                ],
            ),
        )
"""
STATE = "{apiVersion: v1, kind: ConfigMap, metadata: {name: rules}, data: {state: %s}}"


FIELD = 'JSONPath(path="{.data.state}", value="ready")'
CEL = "Expression(current=\"data.state == 'ready'\")"


@pytest.mark.parametrize("expression", [FIELD, CEL], ids=["field", "cel"])
def test_a_kind_is_healthy_when_its_expression_says_so(program: Program, expression: str) -> None:
    checkout = program(RULES % expression)
    checkout.write("rules/rules.yaml", STATE % "starting")
    failed = checkout.sluice("up", fails=True)
    assert f"ConfigMap {checkout.stack}/rules" in failed
    checkout.write("rules/rules.yaml", STATE % "ready")
    checkout.sluice("up")
