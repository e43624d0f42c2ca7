"""A stack of two clusters, of which one goes away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Program

MEMBERS = """
    @member
    def west(self):
        return Cluster("west", ClusterArgs(kubeconfig="west.yaml"))

    @member
    def web(self):
        args = {"image": "shop/web:%s", "namespace": None}
        return [
            Application(NAMESPACE, ApplicationArgs(**args)),
            Application(NAMESPACE, ApplicationArgs(**args, replicas=2), self.west.on()),
        ]
"""


def test_an_unreachable_cluster_fails_alone_and_is_caught_up_with(program: Program) -> None:
    checkout = program(MEMBERS % "1.0")
    name = checkout.stack

    def image(context: str) -> str:
        return str(checkout.container(name, context)["image"])

    shown = checkout.kubectl("config", "view", "--raw", "--minify", context="staging-cluster")
    checkout.write("west.yaml", shown)
    try:
        checkout.sluice("up")
        assert (image("dev-cluster"), image("staging-cluster")) == ("shop/web:1.0",) * 2
        west = checkout.get("deployment", name, context="staging-cluster")
        assert west["spec"]["replicas"] == 2
        assert "Nothing to do" in checkout.sluice("up")
        looked = checkout.sluice("get", "all", "--stack", name)
        looked += checkout.sluice("drift", name) + checkout.sluice("diff", name)
        assert "the cluster west is not looked at" in looked
        assert "no drift" in looked

        kubeconfig = yaml.safe_load(shown)
        kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
        checkout.write("west.yaml", yaml.safe_dump(kubeconfig))
        program(MEMBERS % "2.0")
        failed = checkout.sluice("up", fails=True)
        assert re.search(r": cluster west: the cluster cannot be used: .*refused", failed)
        assert (image("dev-cluster"), image("staging-cluster")) == ("shop/web:2.0", "shop/web:1.0")

        checkout.write("west.yaml", shown)
        checkout.sluice("up")
        assert image("staging-cluster") == "shop/web:2.0"
    finally:
        checkout.kubectl(
            "delete", "namespace", name, "--ignore-not-found", context="staging-cluster"
        )
