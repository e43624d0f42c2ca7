"""A team's releases: deployed as its account, and refused by the API server anywhere else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

MEMBERS = """
    @member
    def team(self):
        return Tenant(NAMESPACE)

    @member
    def web(self):
        arguments = HelmReleaseArgs(
            chart="./team/web",
            namespace=self.team.namespace,
            values={"where": %s},
            timeout="1m",
            test=HelmTest(timeout="10s"),
        )
        return HelmRelease("web", arguments, self.team.on())

    @member
    def greeting(self):
        return Kustomization(
            "greeting",
            KustomizationArgs(path="team/greeting", target_namespace=NAMESPACE),
            self.team.on(),
        )
"""
CHART = """\
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: of-the-team, namespace: {{ .Values.where }}}
"""


HOOK = """\
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: of-a-test
      namespace: {{ .Values.test | default .Release.Namespace }}
      annotations: {helm.sh/hook: test}
"""


def team(program: Program, where: str) -> Checkout:
    checkout = program(MEMBERS % where)
    checkout.write("team/web/Chart.yaml", "{apiVersion: v2, name: web, version: 1.0.0}")
    checkout.write("team/web/templates/config.yaml", CHART)
    checkout.write("team/web/templates/test.yaml", HOOK)
    greeting = "{apiVersion: v1, kind: ConfigMap, metadata: {name: greeting}}"
    checkout.write("team/greeting/greeting.yaml", greeting)
    return checkout


def test_a_release_of_a_tenant_cannot_reach_beyond_its_namespace(program: Program) -> None:
    checkout = team(program, "NAMESPACE")
    try:
        checkout.sluice("up")
        assert {"configmap/of-the-team", "configmap/greeting"} <= set(checkout.names("configmaps"))
        assert checkout.releases() == {"web": "deployed"}

        # As on a machine that has never deployed, where Pulumi looks before the program has run.
        shutil.rmtree(checkout.root / ".sluice" / "tenants")
        assert "Nothing to do" in checkout.sluice("up")

        team(program, "'default'")
        shown = checkout.sluice("up", fails=True)
        (sentence,) = [line for line in shown.splitlines() if line]
        who = f"system:serviceaccount:{checkout.stack}:{checkout.stack}"
        assert sentence.startswith(f"Error: {checkout.stack}: web: ")
        assert f'User "{who}" cannot ' in sentence
        assert 'resource "configmaps" in API group "" in the namespace "default"' in sentence
        assert "configmap/of-the-team" not in checkout.names("configmaps", "default")

        team(program, "NAMESPACE, 'test': 'default'")
        shown = checkout.sluice("up", fails=True)
        assert "test of HelmRelease web failed after 0 s: configmaps" in shown
        assert f'forbidden: User "{who}" cannot delete resource "configmaps"' in shown
        assert "configmap/of-a-test" not in checkout.names("configmaps", "default")

        team(program, "NAMESPACE")
        checkout.pulumi("preview", "--refresh")
        checkout.pulumi("up", "--yes", "--skip-preview", "--refresh")
    finally:
        checkout.pulumi("destroy", "--yes", "--skip-preview")
    assert checkout.names("configmaps") == []
