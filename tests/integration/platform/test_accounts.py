"""A stack's two accounts: what each can do with its kubeconfig alone, and what it cannot."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from tests.integration.platform.members import NAMESPACE, application, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

ACCESS = """
    @member
    def access(self):
        return Kustomization("access", KustomizationArgs(path="manifests/access"))
"""
API = 'config={"LEVEL": "%s"}, secrets={"TOKEN": "hidden"}'
RIGHTS = """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata: {{name: {name}}}
    rules: [{{apiGroups: [""], resources: [nodes], verbs: [list]}}]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {{name: viewer, namespace: {name}}}
    roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
    subjects: [{{kind: Group, apiGroup: rbac.authorization.k8s.io, name: developers}}]
    ---
    apiVersion: scheduling.k8s.io/v1
    kind: PriorityClass
    metadata: {{name: {name}}}
    value: 7
"""


def test_each_account_does_its_work_and_nothing_more(program: Program) -> None:
    shop = program(NAMESPACE, release(), application("api", API % "info"), ACCESS)
    shop.write("manifests/access/access.yaml", RIGHTS.format(name=shop.stack))
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.pulumi("stack", "init", shop.stack)
    shop.commit()
    _the_administrator_makes_the_accounts(shop)
    preview, up = _as(shop, "preview"), _as(shop, "up")
    assert "create" in preview.sluice("preview", shop.stack)
    assert "created" in up.sluice("up", shop.stack)
    _the_preview_finds_what_changes(preview)
    _the_preview_keeps_nothing(preview)
    _up_changes_and_removes(up, program)
    _up_stays_with_its_stack(up)
    assert "no drift" in up.sluice("drift", shop.stack)
    up.pulumi("destroy", "--yes", "--skip-preview", "--parallel=64")


def _the_administrator_makes_the_accounts(shop: Checkout) -> None:
    made = shop.root / "accounts.yaml"
    printed = shop.ended("sluice", "rbac", shop.stack)
    assert printed.returncode == 0, printed.stderr
    made.write_text(printed.stdout)
    shop.kubectl("apply", "--server-side", "-f", str(made))


def _as(shop: Checkout, account: str) -> Checkout:
    """The same checkout, for whom the only way into the cluster is the account's."""
    file = shop.root / f"{account}.yaml"
    told = shop.sluice(
        *("kubeconfig", shop.stack, "--account", account, "--duration", "1h"),
        *("--output-file", str(file)),
    )
    token = yaml.safe_load(file.read_text())["users"][0]["user"]["token"]
    assert token not in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    root = shop.root.with_name(account)
    root.mkdir()
    for part in shop.root.iterdir():
        if part.name != ".sluice":
            (root / part.name).symlink_to(part)
    (root / ".sluice").mkdir()
    own = {
        "KUBECONFIG": str(file),
        "PULUMI_BACKEND_URL": f"file://{shop.state}",
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_STACK": shop.stack,
    }
    return replace(shop, root=root, settings=own)


def _the_preview_finds_what_changes(preview: Checkout) -> None:
    name = preview.stack
    assert "Nothing to do" in preview.sluice("preview", name)
    file = f"stacks/{name}.py"
    preview.edit(file, '"LEVEL": "info"', '"LEVEL": "debug"')
    shown = json.loads(preview.sluice("preview", name, "-o", "json"))
    assert "ConfigMap" in {row["kind"] for row in shown}
    preview.edit(file, '"LEVEL": "debug"', '"LEVEL": "info"')


def _the_preview_keeps_nothing(preview: Checkout) -> None:
    space = preview.stack
    deployment = ("deployment/api", "-n", space)
    scaled = preview.kubectl("scale", *deployment, "--replicas=3", fails=True)
    assert "forbidden" in scaled
    patch = ("--type=merge", '--patch={"spec": {"replicas": 3}}')
    refused = preview.kubectl("patch", *deployment, *patch, fails=True)
    assert "may do nothing but dry runs" in refused
    preview.kubectl("patch", *deployment, *patch, "--dry-run=server")
    for words in (
        ("delete", *deployment),
        ("create", "configmap", "mine", "-n", "default"),
        ("create", "token", f"infrastructure-{space}-up", "-n", "sluice"),
        ("get", "secrets", "-n", "kube-system"),
        ("get", "nodes"),
    ):
        assert "orbidden" in preview.kubectl(*words, fails=True), words
    mine = preview.kubectl("create", "configmap", "mine", "-n", space, fails=True)
    assert "may do nothing but dry runs" in mine


def _up_changes_and_removes(up: Checkout, program: Program) -> None:
    program(NAMESPACE, release(), ACCESS)
    assert "deleted" in up.sluice("up", up.stack)
    program(NAMESPACE, release(), application("api", API % "debug"), ACCESS)
    assert "created" in up.sluice("up", up.stack)


def _up_stays_with_its_stack(up: Checkout) -> None:
    for words in (
        ("create", "configmap", "mine", "-n", "default"),
        ("get", "secrets", "-n", "kube-system"),
        ("delete", "namespace", "kube-system"),
        ("delete", "priorityclass", "system-node-critical"),
        ("create", "clusterrolebinding", "mine", "--clusterrole=cluster-admin", "--user=me"),
        ("create", "token", f"infrastructure-{up.stack}-preview", "-n", "sluice"),
    ):
        assert "orbidden" in up.kubectl(*words, fails=True), words
