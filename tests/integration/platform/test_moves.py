"""What is moved, renamed or raised to a newer API version in the program stays what it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.platform.members import NAMESPACE, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.local/web:1"}]}
"""
SCALER = """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 3
"""
NOTES = """
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {a: "1"}
"""
NESTED = """
@member
def team(self):
    class Team(Component):
        def __init__(self, name, namespace):
            super().__init__("team:Team", name, None)
            inside = pulumi.ResourceOptions(parent=self)
            panels = KustomizationArgs(
                path="manifests/all", target_namespace=namespace, wait=False
            )
            Kustomization("panels", panels, inside)
            web = HelmReleaseArgs(
                chart="./charts/web", namespace=namespace, release_name="www", timeout="1m"
            )
            HelmRelease("renamed", web, inside)
            self.register_outputs({})

    return Team("team", self.namespace)
"""
LIVE = ("pvc/data", "deployment/web", "hpa/web", "deployment/www")


def _kustomization(name: str, path: str = "all", more: str = "") -> str:
    return f"""
@member
def {name}(self):
    return Kustomization(
        "{name}",
        KustomizationArgs(
            path="manifests/{path}", target_namespace=self.namespace, wait=False, {more}
        ),
    )
"""


def _uids(checkout: Checkout, *objects: str) -> dict[str, str]:
    return {each: checkout.get(*each.split("/"))["metadata"]["uid"] for each in objects}


def _write(checkout: Checkout, folder: str, *manifests: str) -> None:
    checkout.write(f"manifests/{folder}/all.yaml", "---".join(manifests))


def _chart(checkout: Checkout, version: str, *manifests: str) -> None:
    """Write the chart `web` in a version, with manifests beside its own."""
    folder = checkout.root / "charts"
    if folder.is_symlink():
        charts = folder.resolve()
        folder.unlink()
        shutil.copytree(charts, folder)
    file = folder / "web" / "Chart.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "version": version}))
    checkout.write("charts/web/templates/more.yaml", "---".join(manifests))


@pytest.fixture
def deployed(program: Program) -> tuple[Checkout, dict[str, str]]:
    """A Kustomization and a release, and the UIDs of their objects."""
    checkout = program(NAMESPACE, _kustomization("dashboards"), release('release_name="www"'))
    _write(checkout, "all", CLAIM, DEPLOYMENT, SCALER)
    checkout.sluice("up")
    return checkout, _uids(checkout, *LIVE)


def _refactored(program: Program) -> None:
    """Rename both, nest them deeper, and raise the scaler's API version."""
    raised = SCALER.replace("autoscaling/v1", "autoscaling/v2")
    _write(program(NAMESPACE, NESTED), "all", CLAIM, DEPLOYMENT, raised)


def test_a_refactored_program_changes_in_place(
    program: Program, deployed: tuple[Checkout, dict[str, str]]
) -> None:
    checkout, before = deployed
    _refactored(program)
    rows = {f"{each['kind']} {each['name']}": each for each in checkout.answer("preview")}
    assert {name: each["operation"] for name, each in rows.items()} == {
        "PersistentVolumeClaim data": "move",
        "Deployment web": "move",
        "HorizontalPodAutoscaler web": "update",
        "Release renamed": "move",
    }
    moved = {each["moved_from"] for each in rows.values()}
    assert moved == {"kustomization/dashboards", "helmrelease/web"}
    told = checkout.sluice("up")
    assert "3 moved" in told
    assert "deleted" not in told
    assert _uids(checkout, *LIVE) == before
    assert "Nothing to do" in checkout.sluice("up")


def test_plain_pulumi_changes_in_place_too(
    program: Program, deployed: tuple[Checkout, dict[str, str]]
) -> None:
    checkout, before = deployed
    _refactored(program)
    assert "delete" not in checkout.pulumi("preview")
    checkout.pulumi("up", "--yes", "--skip-preview", "--target", "**namespace**")
    checkout.pulumi("up", "--yes", "--skip-preview", "--target", "**::team*", "--target-dependents")
    checkout.pulumi("up", "--yes", "--skip-preview")
    checkout.pulumi("refresh", "--yes", "--skip-preview")
    assert _uids(checkout, *LIVE) == before
    assert checkout.releases() == {"www": "deployed"}


def test_an_object_moves_into_a_release_and_back(program: Program) -> None:
    checkout = program(NAMESPACE, _kustomization("panels"), release(timeout="5s"))
    _write(checkout, "all", CLAIM, NOTES, SCALER)
    _chart(checkout, "1.0.0")
    checkout.sluice("up")
    before = _uids(checkout, "pvc/data", "configmap/notes")

    _write(checkout, "all", SCALER)
    _chart(checkout, "1.1.0", CLAIM, NOTES)  # no volume for the claim, so Helm rolls back
    rows = [each for each in checkout.answer("preview") if each["operation"] == "orphan"]
    assert [each["name"] for each in rows] == ["notes", "data"]
    assert rows[1]["note"].endswith("/data is let go, not deleted: HelmRelease web has it")
    assert "was rolled back" in checkout.sluice("up", fails=True)
    assert _uids(checkout, "pvc/data", "configmap/notes") == before

    _write(checkout, "all", CLAIM, SCALER)
    _chart(checkout, "1.2.0", NOTES)
    checkout.sluice("up")
    assert "name: notes" in checkout.helm("get", "manifest", "web", "-n", checkout.stack)

    _write(checkout, "all", CLAIM, NOTES, SCALER)
    _chart(checkout, "1.3.0")
    refused = checkout.pulumi("up", "--yes", "--skip-preview", fails=True)
    assert "ConfigMap notes belongs to a Helm release" in refused
    checkout.sluice("up")
    assert "name: notes" not in checkout.helm("get", "manifest", "web", "-n", checkout.stack)
    assert _uids(checkout, "pvc/data", "configmap/notes") == before


@pytest.mark.parametrize("first", ["giver", "taker"])
def test_an_object_moves_to_another_stack(program: Program, first: str) -> None:
    claims, rest = _kustomization("claims"), _kustomization("rest", "rest")
    checkout = program(NAMESPACE, claims, rest)
    _write(checkout, "all", CLAIM)
    _write(checkout, "rest", DEPLOYMENT)
    giver, taker = checkout.stack, f"{checkout.stack}-2"
    checkout.sluice("up", giver)
    before = _uids(checkout, "pvc/data", "deployment/web")
    program(claims.replace("self.namespace", "NAMESPACE"), beside="-2")
    program(NAMESPACE, rest)
    refused = checkout.pulumi("up", "--yes", "--skip-preview", "--stack", giver, fails=True)
    assert "data may belong to another stack of this cluster" in refused
    order = (giver, taker) if first == "giver" else (taker, giver)
    told = "".join(checkout.sluice("up", each) for each in order)
    assert (
        f"PersistentVolumeClaim {giver}/data is let go, not deleted: stack {taker} has it" in told
    )
    assert "deleted in" not in told
    assert _uids(checkout, "pvc/data", "deployment/web") == before
    assert [each["operation"] for each in checkout.answer("preview")] == []


def test_an_update_that_would_render_nothing_is_refused(program: Program) -> None:
    checkout = program(NAMESPACE, _kustomization("panels"))
    _write(checkout, "all", CLAIM)
    checkout.sluice("up")
    checkout.write("manifests/all/all.yaml", "")
    told = "Kustomization 'panels': renders nothing any more, and has 1 object deployed"
    for command in (("sluice", "up"), ("pulumi", "up", "--yes"), ("sluice", "preview")):
        assert told in checkout.run(*command, fails=True)
    program(NAMESPACE, _kustomization("panels", more="allow_empty=True"))
    assert "1 deleted" in checkout.sluice("up")
    program("pass")
    assert "declares nothing any more, and has 1 object" in checkout.sluice("up", fails=True)
