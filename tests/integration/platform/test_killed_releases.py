"""Helm killed in the middle, with its provider or all of an update: the next run goes on."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.integration.platform.conftest import kill
from tests.integration.platform.members import NAMESPACE, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

PROVIDER = "pulumi-resource-kubernetes"
NEVER_READY = '"nodeSelector": {"kind": "none"}'
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boxes.killed.example.com}
spec:
  group: killed.example.com
  names: {kind: Box, plural: boxes}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
BOXES = """
{{- range $name, $size := .Values.boxes }}
---
apiVersion: killed.example.com/v1
kind: Box
metadata: {name: {{ $name }}}
spec: {size: {{ $size }}}
{{- end }}
"""


@pytest.mark.parametrize("killed", ["provider", "everything"])
def test_an_upgrade_that_was_killed_leaves_nothing_behind(program: Program, killed: str) -> None:
    checkout = program(NAMESPACE, release('values={"greeting": "one", "boxes": {"old": 1}}'))
    _give_boxes(checkout)
    checkout.sluice("up")
    stuck = f'values={{"greeting": "two", "boxes": {{"new": 2, "old": 2}}, {NEVER_READY}}}'
    program(NAMESPACE, release(stuck))
    _up_and_kill(checkout, killed, status="pending-upgrade", there="box/new")
    assert checkout.releases() == {"web": "pending-upgrade"}
    program(NAMESPACE, release('values={"greeting": "three", "boxes": {"old": 1}}'))
    checkout.sluice("up")
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web")["data"] == {"greeting": "three"}
    template = checkout.get("deployment", "web")["spec"]["template"]["spec"]
    assert "nodeSelector" not in template
    assert checkout.names("box") == ["box.killed.example.com/old"]
    assert checkout.get("box", "old")["spec"] == {"size": 1}
    assert "Nothing to do" in checkout.sluice("up")


@pytest.mark.parametrize("killed", ["provider", "everything"])
def test_an_install_that_was_killed_is_gone_on_with(program: Program, killed: str) -> None:
    checkout = program(NAMESPACE, release(f'values={{"greeting": "one", {NEVER_READY}}}'))
    _up_and_kill(checkout, killed, status="pending-install", there="configmap/web")
    program(NAMESPACE, release('values={"greeting": "two"}'))
    checkout.sluice("up")
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web")["data"] == {"greeting": "two"}
    assert "nodeSelector" not in checkout.get("deployment", "web")["spec"]["template"]["spec"]
    assert "Nothing to do" in checkout.sluice("up")


def test_a_rollback_that_was_killed_goes_on_from_what_it_left(program: Program) -> None:
    never = f'values={{"greeting": "one", {NEVER_READY}}}, '
    checkout = program(NAMESPACE, release(never + "atomic=False, disable_wait=True"))
    checkout.sluice("up")
    never = f'values={{"greeting": "two", "replicas": 2, {NEVER_READY}}}'
    program(NAMESPACE, release(never, timeout="10s"))
    _up_and_kill(checkout, "everything", status="pending-rollback", there="configmap/web")
    program(NAMESPACE, release('values={"greeting": "three"}'))
    checkout.sluice("up")
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web")["data"] == {"greeting": "three"}
    spec = checkout.get("deployment", "web")["spec"]
    assert (spec["replicas"], "nodeSelector" in spec["template"]["spec"]) == (1, False)


@pytest.mark.parametrize("then", ["declared", "gone"])
def test_an_uninstall_that_was_killed_goes_either_way(program: Program, then: str) -> None:
    declared = NAMESPACE, release('values={"greeting": "one"}')
    checkout = program(*declared)
    checkout.sluice("up")
    place = ("configmap", "web", "-n", checkout.stack, "--type=merge")
    checkout.kubectl("patch", *place, '-p={"metadata": {"finalizers": ["example.com/held"]}}')
    program(NAMESPACE)
    _up_and_kill(checkout, "everything", status="uninstalling", there="configmap/web")
    checkout.kubectl("patch", *place, '-p={"metadata": {"finalizers": []}}')
    if then == "declared":
        program(*declared)
    checkout.sluice("up")
    assert checkout.releases() == ({"web": "deployed"} if then == "declared" else {})
    objects = {"configmap/web", "deployment.apps/web", "secret/web"}
    left = objects & {*checkout.names("configmap,deployment,secret")}
    assert left == (objects if then == "declared" else set())
    assert "Nothing to do" in checkout.sluice("up")


def test_an_update_whose_engine_alone_was_killed_goes_on_without_its_provider(
    program: Program,
) -> None:
    checkout = program(NAMESPACE, release('values={"greeting": "one"}'))
    checkout.sluice("up")
    program(NAMESPACE, release(f'values={{"greeting": "two", {NEVER_READY}}}'))
    providers = _up_and_kill(checkout, "engine", status="pending-upgrade", there="configmap/web")
    assert all(each.is_running() for each in providers)
    program(NAMESPACE, release('values={"greeting": "three"}'))
    checkout.sluice("up")
    assert not any(each.is_running() for each in providers)
    assert checkout.releases() == {"web": "deployed"}
    assert checkout.get("configmap", "web")["data"] == {"greeting": "three"}


def _give_boxes(checkout: Checkout) -> None:
    """Let the chart make objects of a kind that Helm does not know."""
    charts = checkout.root / "charts"
    original = charts.resolve()
    charts.unlink()
    shutil.copytree(original, charts)
    checkout.write("charts/web/templates/boxes.yaml", BOXES)
    checkout.write("boxes.yaml", DEFINITION)
    checkout.kubectl("apply", "-f", str(checkout.root / "boxes.yaml"))


def _up_and_kill(
    checkout: Checkout, killed: str, *, status: str, there: str
) -> list[psutil.Process]:
    """Start an update, and kill it in the middle of Helm's own work, which the status tells.

    Returns its providers.
    """
    update = checkout.start("sluice", "up", output=subprocess.DEVNULL)
    kind, _, name = there.partition("/")
    wanted = ("get", kind, name, "-n", checkout.stack, "--ignore-not-found", "-o", "name")
    while checkout.releases() != {"web": status} or not checkout.kubectl(*wanted):
        assert update.poll() is None
        time.sleep(0.1)
    started = psutil.Process(update.pid).children(recursive=True)
    providers = [each for each in started if each.name() == PROVIDER]
    assert update.poll() is None
    assert providers
    if killed == "everything":
        kill(update)
        return providers
    engines = [each for each in started if each.name() == "pulumi"]
    for each in engines if killed == "engine" else providers:
        each.kill()
    assert update.wait() != 0
    return providers
