"""What is changed behind a stack's back, found and put back; and what is no drift at all."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sluice.kubernetes.cluster import Cluster
from tests.integration.platform.members import NAMESPACE, application

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

MANIFESTS = Path(__file__).with_name("manifests")
FAULTS = 100
SEED = 4
EVERY = """
    @member
    def every(self):
        return Kustomization(
            "every",
            KustomizationArgs(path="manifests/every", target_namespace=NAMESPACE, wait=False),
        )
"""


@pytest.fixture
def every_kind(program: Program) -> Iterator[Checkout]:
    """A stack of objects of every kind, which are removed at the end: not all in its namespace."""
    checkout = program(EVERY)
    shutil.copytree(MANIFESTS / "every-kind", checkout.root / "manifests" / "every")
    yield checkout
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--parallel=64")


def drift(checkout: Checkout, *options: str, code: int = 0) -> list[dict[str, Any]]:
    """What `sluice drift -o json` gives for the checkout's stack."""
    rows: list[dict[str, Any]] = checkout.answer("drift", checkout.stack, *options, code=code)
    return rows


def commit_all(checkout: Checkout) -> None:
    """Make a repository of the checkout, with the salt that Pulumi writes for a new stack."""
    checkout.ended("pulumi", "stack", "init", checkout.stack)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.commit()


def api(checkout: Checkout) -> Cluster:
    return Cluster("dev-cluster", checkout.environment["KUBECONFIG"])


def edit(
    cluster: Cluster,
    live: dict[str, Any],
    operations: list[dict[str, Any]],
    manager: str = "kubectl-edit",
) -> None:
    """Change an object as `kubectl edit` does, or another manager."""
    path = cluster.discovery.path_of(live)
    query = {"fieldManager": manager}
    cluster.connection.ask("PATCH", path, query, operations, "application/json-patch+json")


def delete(cluster: Cluster, live: dict[str, Any]) -> None:
    cluster.connection.ask("DELETE", cluster.discovery.path_of(live))


KINDS: dict[str, dict[str, Any]] = {
    "ConfigMap": {"apiVersion": "v1", "data": {"kept": "a", "edited": "a", "removed": "a"}},
    "Secret": {"apiVersion": "v1", "data": {"kept": "YQ==", "edited": "YQ==", "removed": "YQ=="}},
    "Service": {
        "apiVersion": "v1",
        "spec": {"ports": [{"port": 80}], "selector": {"edited": "a", "removed": "a"}},
    },
    "Deployment": {
        "apiVersion": "apps/v1",
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {
                "metadata": {"labels": {"app": "x"}},
                "spec": {
                    "nodeSelector": {"edited": "a", "removed": "a"},
                    "containers": [{"name": "c", "image": "registry.local/c:1"}],
                },
            },
        },
    },
}
MAPS = {
    "ConfigMap": "/data",
    "Secret": "/data",
    "Service": "/spec/selector",
    "Deployment": "/spec/template/spec/nodeSelector",
}


def write_objects(checkout: Checkout, count: int) -> None:
    """Write a directory of objects of these kinds in turn."""
    chance = random.Random(SEED)  # noqa: S311 - which objects are tried
    manifests: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": checkout.stack}}
    ]
    for number in range(count):
        kind = chance.choice(list(KINDS))
        metadata = {"name": f"object-{number:03}", "labels": {"team": "ours", "tier": "web"}}
        manifests.append({**KINDS[kind], "kind": kind, "metadata": metadata})
    checkout.write("manifests/every/all.yaml", yaml.safe_dump_all(manifests))
    checkout.write("manifests/every/kustomization.yaml", "resources: [all.yaml]")


FIELD_FAULTS = {
    "edited": lambda where: [{"op": "replace", "path": f"{where}/edited", "value": "eHh4"}],
    "removed": lambda where: [{"op": "remove", "path": f"{where}/removed"}],
    "label": lambda _where: [{"op": "replace", "path": "/metadata/labels/team", "value": "mine"}],
}
FOREIGN = [{"op": "add", "path": "/metadata/labels/foreign", "value": "x"}]


def test_every_fault_is_found_and_put_back(program: Program) -> None:
    deployed = program(EVERY)
    write_objects(deployed, 2 * FAULTS)
    commit_all(deployed)
    deployed.sluice("up")
    assert drift(deployed, "--strict") == []
    cluster = api(deployed)
    live = [
        each
        for kind, content in KINDS.items()
        for each in cluster.list(content["apiVersion"], kind, namespace=deployed.stack)
        if each["metadata"]["name"].startswith("object-")
    ]
    random.Random(SEED).shuffle(live)  # noqa: S311 - which objects are tried
    changed, deleted = live[:FAULTS], live[FAULTS:]

    def fault(each: dict[str, Any]) -> None:
        for operations in FIELD_FAULTS.values():
            edit(cluster, each, operations(MAPS[each["kind"]]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fault, changed))
        list(pool.map(lambda each: delete(cluster, each), deleted))
    rows = drift(deployed, "--strict", code=1)
    by_name = {row["name"]: [r for r in rows if r["name"] == row["name"]] for row in rows}
    for each in changed:
        found = {(row["path"], row["why"]): row for row in by_name[each["metadata"]["name"]]}
        where = MAPS[each["kind"]][1:].replace("/", ".")
        assert found.keys() == {
            (f"{where}.edited", "edited"),
            (f"{where}.removed", "removed"),
            ("metadata.labels.team", "edited"),
        }
        assert {row["manager"] for _, row in found.items() if row["why"] == "edited"} == {
            "kubectl-edit"
        }
    gone = {row["name"] for row in rows if row["why"] == "deleted"}
    assert gone == {each["metadata"]["name"] for each in deleted}
    assert len(rows) == 4 * FAULTS
    secrets = [row for row in rows if row["kind"] == "Secret" and row["path"].startswith("data")]
    assert {row["live"] for row in secrets} == {"[secret]", None}

    assert len(drift(deployed, "--correct")) == 4 * FAULTS
    assert drift(deployed, "--strict") == []
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: edit(cluster, each, FOREIGN), changed))
    assert drift(deployed, "--correct") == []
    added = drift(deployed, "--strict", "--correct")
    assert len(added) == FAULTS
    assert {(row["path"], row["why"]) for row in added} == {("metadata.labels.foreign", "foreign")}
    assert drift(deployed, "--strict") == []
    newest = json.loads(deployed.pulumi("stack", "history", "--json"))[0]
    assert newest["message"].startswith("drift: put back ")


def test_nothing_of_fifty_kinds_is_drift_once_the_controllers_have_seen_it(
    every_kind: Checkout,
) -> None:
    every_kind.sluice("up")
    declared = [
        each
        for file in (MANIFESTS / "every-kind").glob("*.yaml")
        for each in yaml.safe_load_all(file.read_text())
    ]
    assert len({(each["apiVersion"], each["kind"]) for each in declared if "kind" in each}) >= 50
    scaled = ("statefulset/every", "--for=jsonpath={.spec.replicas}=2")
    every_kind.kubectl("wait", "-n", every_kind.stack, *scaled)
    bound = ("persistentvolumeclaim/every", "--for=jsonpath={.status.phase}=Bound")
    every_kind.kubectl("wait", "-n", every_kind.stack, *bound)
    assert drift(every_kind, "--strict") == []


RELEASE = """
    @member
    def web(self):
        return HelmRelease(
            "web",
            HelmReleaseArgs(
                chart="./charts/many",
                namespace=NAMESPACE,
                create_namespace=True,
                values={"count": 50, "color": "%s"},
                ignore=[Ignore(paths=["/data/free"], kind="ConfigMap")],
            ),
        )
"""
CHART = """
{{- range $n := until (int .Values.count) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: child-{{ $n }}
  labels: {team: ours}
data: {color: {{ $.Values.color }}, free: text, number: "1000m"}
{{- end }}
---
apiVersion: v1
kind: Secret
metadata: {name: child}
stringData: {password: hidden-word}
"""


def test_a_helm_release_s_children_are_put_back_and_helm_goes_on(program: Program) -> None:
    checkout = program(RELEASE % "red")
    (checkout.root / "charts").unlink()
    checkout.write("charts/many/Chart.yaml", "{apiVersion: v2, name: many, version: 1.0.0}")
    checkout.write("charts/many/values.yaml", "{count: 1, color: none}")
    checkout.write("charts/many/templates/all.yaml", CHART)
    checkout.sluice("up")
    assert drift(checkout, "--strict") == []
    cluster = api(checkout)
    children = [
        each
        for each in cluster.list("v1", "ConfigMap", namespace=checkout.stack)
        if each["metadata"]["name"].startswith("child-")
    ]
    edits = [
        [{"op": "replace", "path": "/data/color", "value": "blue"}],
        [{"op": "replace", "path": "/metadata/labels/team", "value": "mine"}],
        [{"op": "replace", "path": "/data/free", "value": "left alone"}],
    ]
    (secret,) = cluster.list(
        "v1", "Secret", namespace=checkout.stack, labels="app.kubernetes.io/managed-by=Helm"
    )
    for operations in edits:
        for each in children:
            edit(cluster, each, operations)
    edit(cluster, secret, [{"op": "replace", "path": "/data/password", "value": "eHh4"}])
    delete(cluster, children[0])

    rows = drift(checkout, code=1)
    assert len(rows) == 2 * (len(children) - 1) + 2
    assert {(row["path"], row["declared"], row["live"]) for row in rows} == {
        ("data.color", "red", "blue"),
        ("metadata.labels.team", "ours", "mine"),
        ("data.password", "[secret]", "[secret]"),
        ("", None, None),
    }
    assert all(row["corrected"] for row in drift(checkout, "--correct"))
    assert drift(checkout) == []
    kept = checkout.get("configmap", children[1]["metadata"]["name"])
    assert kept["data"] == {"color": "red", "free": "left alone", "number": "1000m"}

    program(RELEASE % "green")
    checkout.sluice("up")
    upgraded = cluster.list("v1", "ConfigMap", namespace=checkout.stack)
    colors = [each["data"]["color"] for each in upgraded if "color" in each["data"]]
    assert colors == 50 * ["green"]
    assert drift(checkout) == []
    assert checkout.releases() == {"web": "deployed"}


SCALED = 'replicas=2, ignore=[Ignore(paths=["/spec/replicas"], kind="Deployment")], config=%s'
RED = application("web", SCALED % '{"COLOR": "red"}')
BLUE = application("web", SCALED % '{"COLOR": "blue"}')


def test_what_a_component_leaves_to_others_is_no_drift_and_stays(program: Program) -> None:
    checkout = program(NAMESPACE, RED)
    commit_all(checkout)
    checkout.sluice("up")
    checkout.kubectl("scale", "deployment/web", "--replicas=1", "-n", checkout.stack)
    assert drift(checkout) == []
    checkout.kubectl("set", "image", "deployment/web", "web=other", "-n", checkout.stack)
    (row,) = drift(checkout, "--correct")
    assert (row["path"], row["live"]) == ("spec.template.spec.containers[0].image", "other")
    assert checkout.get("deployment", "web")["spec"]["replicas"] == 1
    program(NAMESPACE, BLUE)
    checkout.sluice("up")
    assert checkout.get("deployment", "web")["spec"]["replicas"] == 1


def test_a_stack_says_whether_drift_is_corrected_and_what_is_suspended_is_left_out(
    program: Program,
) -> None:
    checkout = program(NAMESPACE, RED)
    checkout.sluice("up")
    checkout.kubectl("delete", "configmap/web", "-n", checkout.stack)
    assert {row["component"] for row in drift(checkout, code=1)} == {"web"}
    assert "in no commit" in checkout.sluice("drift", checkout.stack, "--correct", fails=True)
    entry = {"reason": "an emergency", "since": "2026-01-01T00:00:00Z"}
    checkout.configure(suspended=[{"component": "web", **entry}])
    assert drift(checkout) == []
    checkout.configure(suspended=[{"component": "", **entry}])
    assert checkout.ended("sluice", "drift", checkout.stack).returncode == 5
    checkout.configure(suspended=[], drift="correct")
    commit_all(checkout)
    checkout.sluice("up")
    checkout.kubectl("delete", "configmap/web", "-n", checkout.stack)
    assert "all put back" in checkout.sluice("drift", "--all")
    assert checkout.names("configmap") == ["configmap/web"]


def test_a_change_is_told_while_it_is_watched(program: Program) -> None:
    checkout = program(NAMESPACE, RED)
    checkout.sluice("up")
    with checkout.start("sluice", "drift", checkout.stack, "--watch") as watching:
        assert watching.stdout is not None
        assert "no drift" in watching.stdout.readline()
        checkout.kubectl(
            "label",
            "configmap/web",
            "app.kubernetes.io/name=mine",
            "--overwrite",
            "-n",
            checkout.stack,
        )
        told = [watching.stdout.readline() for _ in range(3)]
        watching.terminate()
    assert "metadata.labels.app.kubernetes.io/name  edited" in " ".join(told)
    assert "drift in 1 object" in told[-1]


EMPTY = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: empty, labels: {}}
spec:
  minReadySeconds: 0
  replicas: 0
  revisionHistoryLimit: null
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec:
      hostNetwork: false
      serviceAccountName: ""
      nodeSelector: {}
      tolerations: []
      containers:
        - {name: first, image: registry.local/c:1}
        - name: second
          image: registry.local/c:1
          env: [{name: EMPTY, value: ""}]
          volumeMounts: [{name: scratch, mountPath: /scratch, readOnly: false}]
      volumes: [{name: scratch, emptyDir: {}}]
"""
OPENED = [
    {"op": "add", "path": "/spec/minReadySeconds", "value": 9},
    {"op": "replace", "path": "/spec/revisionHistoryLimit", "value": 3},
    {"op": "add", "path": "/spec/template/spec/hostNetwork", "value": True},
    {"op": "add", "path": "/spec/template/spec/serviceAccountName", "value": "admin"},
    {"op": "add", "path": "/spec/template/spec/nodeSelector", "value": {"disk": "ssd"}},
    {"op": "add", "path": "/spec/template/spec/tolerations", "value": [{"operator": "Exists"}]},
    {"op": "add", "path": "/spec/template/spec/containers/1/env/0/value", "value": "full"},
    {
        "op": "add",
        "path": "/spec/template/spec/containers/1/volumeMounts/0/readOnly",
        "value": True,
    },
    {"op": "add", "path": "/spec/template/spec/volumes/0/emptyDir/medium", "value": "Memory"},
]
_POD = "spec.template.spec"
SEEN = {
    "spec.minReadySeconds": (0, 9),
    "spec.revisionHistoryLimit": (None, 3),
    f"{_POD}.hostNetwork": (False, True),
    f"{_POD}.serviceAccountName": ("", "admin"),
    f"{_POD}.nodeSelector": ({}, {"disk": "ssd"}),
    f"{_POD}.tolerations": ([], [{"operator": "Exists"}]),
    f"{_POD}.containers[1].env[0].value": ("", "full"),
    f"{_POD}.containers[1].volumeMounts[0].readOnly": (False, True),
    f"{_POD}.volumes[0].emptyDir": ({}, {"medium": "Memory"}),
}
KUSTOMIZED = """
    @member
    def settings(self):
        return Kustomization(
            "settings",
            KustomizationArgs(path="manifests/settings", target_namespace=self.namespace),
        )
"""


@pytest.mark.parametrize("verb", ["drift", "reconcile", "up"])
def test_what_is_declared_as_empty_is_seen_and_put_back(program: Program, verb: str) -> None:
    checkout = program(NAMESPACE, KUSTOMIZED)
    checkout.write("manifests/settings/settings.yaml", EMPTY)
    commit_all(checkout)
    checkout.sluice("reconcile", checkout.stack)
    assert drift(checkout) == []
    cluster = api(checkout)
    before = checkout.get("deployment", "empty")
    # A program of somebody's, for Pulumi takes over what `kubectl` has set.
    edit(cluster, before, OPENED, "operator")
    rows = {row["path"]: (row["declared"], row["live"]) for row in drift(checkout, code=1)}
    assert rows == SEEN
    options = ["--correct"] if verb == "drift" else []
    said = checkout.sluice(verb, checkout.stack, *options)
    assert drift(checkout) == []
    assert checkout.get("deployment", "empty")["spec"] == before["spec"]
    assert "1 updated" in said or verb == "drift"


OWN_KIND = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: valves.drift.example.org}
spec:
  group: drift.example.org
  scope: Namespaced
  names: {plural: valves, kind: Valve}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
---
apiVersion: drift.example.org/v1
kind: Valve
metadata: {name: valve}
spec: {emptymap: {}, list: [], open: false, turns: 0, label: "", nothing: null}
"""
FILLED = {"emptymap": {"a": "b"}, "list": [1], "open": True, "turns": 1, "label": "x", "nothing": 1}


def test_what_a_custom_resource_declares_as_empty_is_empty_again(program: Program) -> None:
    checkout = program(NAMESPACE, KUSTOMIZED)
    checkout.write("manifests/settings/settings.yaml", OWN_KIND)
    commit_all(checkout)
    checkout.sluice("reconcile", checkout.stack)
    assert drift(checkout) == []
    before = checkout.get("valve", "valve")
    edit(api(checkout), before, [{"op": "replace", "path": "/spec", "value": FILLED}], "operator")
    rows = drift(checkout, "--correct")
    assert {row["path"] for row in rows} == {f"spec.{name}" for name in FILLED}
    assert {row["manager"] for row in rows} == {"operator"}
    after = checkout.get("valve", "valve")["spec"]
    assert after == {"emptymap": {}, "list": [], "open": False, "turns": 0, "label": ""}
    checkout.kubectl("delete", "crd", "valves.drift.example.org", "--wait=false")


def test_what_a_chart_s_objects_declare_as_empty_is_seen_and_put_back(program: Program) -> None:
    checkout = program(RELEASE % "red")
    (checkout.root / "charts").unlink()
    checkout.write("charts/many/Chart.yaml", "{apiVersion: v2, name: many, version: 1.0.0}")
    checkout.write("charts/many/templates/all.yaml", EMPTY)
    commit_all(checkout)
    checkout.sluice("reconcile", checkout.stack)
    assert drift(checkout) == []
    cluster = api(checkout)
    before = checkout.get("deployment", "empty")
    edit(cluster, before, OPENED, "operator")
    rows = drift(checkout, "--correct")
    assert {(row["path"], row["corrected"]) for row in rows} == {(path, True) for path in SEEN}
    assert checkout.get("deployment", "empty")["spec"] == before["spec"]
    edit(cluster, before, OPENED, "operator")
    assert "1 updated" in checkout.sluice("reconcile", checkout.stack)
    assert checkout.get("deployment", "empty")["spec"] == before["spec"]
