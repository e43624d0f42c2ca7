"""docs/guide.md: both sides of each section deployed, and all that is there compared."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

GUIDE = Path(__file__).parents[3] / "docs" / "guide.md"
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```(yaml|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMESPACES = ("apps", "ci-agents", "databases", "monitoring", "shop-prod", "shop-staging")
KINDS = (
    "configmaps,secrets,services,serviceaccounts,deployments,statefulsets,canaries,scaledobjects,"
    "sealedsecrets,secretstores,externalsecrets"
)
# What the controllers say of their objects once they have done what is asked.
SAID = {
    "sealedsecret/sealed-login": "Synced",
    "secretstore/vault": "Ready",
    "externalsecret/external-login": "Ready",
}
OURS, THEIRS = "dev-cluster", "staging-cluster"
LOCKED_IMAGE = """\
images:
  my-app:
    repository: gitea.local/raibid/my-app
    policy: semver >=1.0.0 <2.0.0
    tag: 1.4.2
    digest: sha256:%s
    updated: 2026-11-25
    reason: "first locked"
""" % ("0" * 64)


@dataclass(frozen=True)
class Section:
    title: str
    documents: list[dict[str, Any]]
    members: str


def sections() -> list[Section]:
    found = []
    for title, text in SECTION.findall(GUIDE.read_text()):
        blocks = dict(BLOCK.findall(text))
        found.append(Section(title, list(yaml.safe_load_all(blocks["yaml"])), blocks["python"]))
    return found


SECTIONS = sections()
MY_APP = [each for each in SECTIONS if "def my_app(self)" in each.members]
OTHERS = [each for each in SECTIONS if each not in MY_APP]
DEPLOYMENT = """\
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: {name}, namespace: {namespace}}}
    spec:
      selector: {{matchLabels: {{app: {name}}}}}
      template:
        metadata: {{labels: {{app: {name}}}}}
        spec: {{containers: [{{name: {container}, image: "gitea.local/raibid/{image}"}}]}}
"""
FILES = {
    "namespaces/apps.yaml": "{apiVersion: v1, kind: Namespace, metadata: {name: extra}}",
    "apps/my-app/namespace.yaml": "{apiVersion: v1, kind: Namespace, metadata: {name: apps}}",
    "apps/my-app/deployment.yaml": DEPLOYMENT.format(
        name="my-app", namespace="apps", container="app", image="my-app:1.4.2"
    ),
    "apps/my-app/service.yaml": """\
        apiVersion: v1
        kind: Service
        metadata: {name: my-app, namespace: apps}
        spec: {selector: {app: my-app}, ports: [{port: 80}]}
    """,
    "apps/ci-agents/namespace.yaml": """\
        apiVersion: v1
        kind: Namespace
        metadata: {name: ci-agents}
    """,
    "apps/ci-agents/deployment.yaml": DEPLOYMENT.format(
        name="ci-agents", namespace="ci-agents", container="agent", image="ci-agent:1.0.0"
    ),
    "secrets/secret.yaml": """\
        apiVersion: v1
        kind: Secret
        metadata: {name: login, namespace: databases}
        stringData: {password: correct-horse-battery-staple}
    """,
    **{
        f"clusters/{name}/{kind}.yaml": text % f"shop-{name}"
        for name in ("prod", "staging")
        for kind, text in (
            ("namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}"),
            (
                "config",
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: shop, namespace: %s}}",
            ),
        )
    },
}


@pytest.fixture
def guide(program: Program, definitions: Path) -> Iterator[Checkout]:
    """A repository with the files that the guide's declarations name; removed from both."""
    checkout = program("pass", lock=LOCKED_IMAGE)
    for path, text in FILES.items():
        checkout.write(path, text)
    encrypt(checkout, "secrets/secret.yaml")
    where = ("-f", str(definitions))

    def define(context: str) -> None:
        checkout.kubectl("apply", "--server-side", *where, context=context)
        checkout.kubectl("wait", "--for=condition=Established", *where, context=context)

    def remove(context: str) -> None:
        if context == OURS:
            checkout.pulumi("destroy", "--yes", "--skip-preview", "--parallel=64")
        else:
            names = (*NAMESPACES, "extra")
            checkout.kubectl("delete", "namespace", *names, "--ignore-not-found", context=context)
        checkout.kubectl("delete", *where, context=context)

    with ThreadPoolExecutor() as pool:
        list(pool.map(define, (OURS, THEIRS)))
    yield checkout
    with ThreadPoolExecutor() as pool:
        list(pool.map(remove, (OURS, THEIRS)))


def encrypt(checkout: Checkout, path: str) -> None:
    """As the guide's second option for secrets does, with a key of age's."""
    key = checkout.root / ".sluice" / "age"
    checkout.run("age-keygen", "-o", str(key))
    public = checkout.run("age-keygen", "-y", str(key)).strip()
    checkout.settings["SOPS_AGE_KEY_FILE"] = str(key)
    checkout.sluice("secret", "encrypt", "--age", public, path)
    (checkout.root / path).unlink()


@contextmanager
def controllers(checkout: Checkout) -> Iterator[None]:
    """Say of each object on our cluster, once it is there, what its controller would say."""
    over = threading.Event()

    def say(name: str, condition: str) -> None:
        status = {"conditions": [{"type": condition, "status": "True"}]}
        patch = ("--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        command = ("kubectl", f"--context={OURS}", "-n", "databases", "patch", name, *patch)
        while checkout.ended(*command).returncode and not over.wait(2):
            pass

    with ThreadPoolExecutor() as pool:
        for name, condition in SAID.items():
            pool.submit(say, name, condition)
        try:
            yield
        finally:
            over.set()


@pytest.mark.xdist_group("platform")
def test_each_section_makes_what_flux_makes_of_its_yaml(guide: Checkout, program: Program) -> None:
    for variant in MY_APP:
        chosen = [*OTHERS, variant]
        program("\n".join(each.members for each in chosen))
        for document in [each for section in chosen for each in section.documents]:
            if document["apiVersion"].startswith("kustomize.config"):
                guide.write("apps/my-app/kustomization.yaml", yaml.safe_dump(document))
            if document["kind"] == "SealedSecret":
                guide.write("databases/sealed-secret.yaml", yaml.safe_dump(document))
        guide.sluice("lock")
        with controllers(guide):
            guide.sluice("up")
        for section in [variant] if variant is not MY_APP[0] else [variant, *OTHERS]:
            for document in section.documents:
                apply_as_flux_does(guide, document)
        ours, theirs = there(guide, OURS), there(guide, THEIRS)
        assert ours.keys() == theirs.keys(), variant.title
        for name, manifest in theirs.items():
            assert ours[name] == manifest, name


def test_the_sections_hold_every_kind_that_the_guide_declares() -> None:
    kinds = {
        (each["kind"], each["metadata"]["name"])
        for s in SECTIONS
        for each in s.documents
        if "metadata" in each
    }
    assert kinds >= {
        ("Namespace", "monitoring"),
        ("HelmRepository", "bitnami"),
        ("HelmRelease", "postgresql"),
        ("Canary", "my-app"),
        ("ScaledObject", "ci-agents"),
        ("SealedSecret", "sealed-login"),
        ("SecretStore", "vault"),
        ("ExternalSecret", "external-login"),
        ("Kustomization", "apps-prod"),
        ("Kustomization", "apps-staging"),
        ("Kustomization", "my-app"),
        ("ImageRepository", "my-app"),
        ("ImagePolicy", "my-app"),
        ("ImageUpdateAutomation", "my-app"),
    }


def apply_as_flux_does(checkout: Checkout, document: dict[str, Any]) -> None:
    """Do on the other cluster what Flux's controllers do with a document."""
    group = document["apiVersion"].partition("/")[0]
    spec = document.get("spec") or {}
    if group == "kustomize.config.k8s.io":
        _build_and_apply(checkout, "apps/my-app")
    elif group == "kustomize.toolkit.fluxcd.io":
        for before in spec.get("dependsOn") or ():
            _build_and_apply(checkout, before["name"])
        _build_and_apply(checkout, spec["path"])
    elif group == "helm.toolkit.fluxcd.io":
        _install(checkout, document["metadata"], spec)
    elif not group.endswith("toolkit.fluxcd.io"):
        _apply(checkout, yaml.safe_dump(document))


def _build_and_apply(checkout: Checkout, path: str) -> None:
    """As kustomize-controller does: without a kustomization, all manifests below the path."""
    folder = checkout.root / path
    if (folder / "kustomization.yaml").exists():
        manifests = checkout.run("kubectl", "kustomize", str(folder))
    else:
        files = sorted(folder.rglob("*.yaml"), key=lambda file: file.name != "namespace.yaml")
        manifests = "\n---\n".join(_text(checkout, file) for file in files)
    _apply(checkout, manifests)


def _text(checkout: Checkout, file: Path) -> str:
    """What a manifest says, decrypted as kustomize-controller does with a key in the cluster."""
    return checkout.run("sops", "decrypt", str(file)) if ".enc." in file.name else file.read_text()


def _apply(checkout: Checkout, manifests: str) -> None:
    checkout.write("applied.yaml", manifests)
    checkout.kubectl("apply", "--server-side", "-f", "applied.yaml", context=THEIRS)


def _install(checkout: Checkout, metadata: dict[str, Any], spec: dict[str, Any]) -> None:
    """As helm-controller does, with the newest chart of the range, which is in the cache.

    The namespace is the chart's `namespace.yaml` in the guide's layout.
    """
    name = {"name": metadata["namespace"]}
    _apply(checkout, yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": name}))
    (chart,) = (checkout.root / ".sluice" / "charts").glob(f"{spec['chart']['spec']['chart']}-*")
    assert chart.name.startswith("postgresql-12.")
    checkout.write("values.yaml", yaml.safe_dump(spec["values"]))
    checkout.helm(
        *("upgrade", "--install", metadata["name"], str(chart), "--wait"),
        *("--namespace", metadata["namespace"], "--values", "values.yaml"),
        context=THEIRS,
    )


def there(checkout: Checkout, context: str) -> dict[str, Any]:
    """Every object of the guide's namespaces on a cluster, without what servers add."""
    own = checkout.kubectl("get", "namespaces", *NAMESPACES, "-o", "json", context=context)
    listed = checkout.kubectl("get", KINDS, "--all-namespaces", "-o", "json", context=context)
    found = {}
    for each in json.loads(own)["items"] + json.loads(listed)["items"]:
        metadata = each["metadata"]
        namespace = metadata.get("namespace", metadata["name"])
        name = f"{each['kind']} {namespace}/{metadata['name']}"
        if namespace in NAMESPACES and not name.endswith(
            ("/kube-root-ca.crt", "ServiceAccount default")
        ):
            found[name] = _declared(each)
    return found


def _declared(live: dict[str, Any]) -> dict[str, Any]:
    metadata = live["metadata"]
    if live.get("type") == "helm.sh/release.v1":
        return {"type": live["type"]}
    if "helm.sh/chart" in (metadata.get("labels") or {}) and live["kind"] == "Secret":
        # Its passwords are the chart's own, made at random.
        live = {**live, "data": sorted(live["data"])}
    spec = {key: value for key, value in (live.get("spec") or {}).items() if key not in _SERVERS}
    kept = {
        part: {k: v for k, v in (metadata.get(part) or {}).items() if not _is_added(k)}
        for part in ("labels", "annotations")
    }
    rest = {key: value for key, value in live.items() if key not in ("metadata", "status", "spec")}
    return {**rest, **kept, "name": metadata["name"], "spec": spec}


def _is_added(key: str) -> bool:
    added = ("pulumi.com/", "pod-security.kubernetes.io/", "deployment.kubernetes.io/revision")
    return key.startswith(added)


_SERVERS = ("clusterIP", "clusterIPs", "finalizers")
