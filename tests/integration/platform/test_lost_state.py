"""A stack's state that is gone: all is found again, on each cluster, and nothing restarts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.integration.platform.members import NAMESPACE, application, release
from tests.integration.postgres import postgres

if TYPE_CHECKING:
    from sluice.sandbox.sandbox import Sandbox
    from tests.integration.platform.conftest import Checkout, Program

WEST = """
    @member
    def west(self):
        return Cluster("west", ClusterArgs(kubeconfig="west.yaml"))

    @member
    def far(self):
        args = HelmReleaseArgs(
            chart="./charts/web",
            namespace=NAMESPACE,
            create_namespace=True,
            timeout="1m",
            values={"greeting": "far"},
        )
        return HelmRelease("far", args, self.west.on())
"""
CLUSTERS = ("dev-cluster", "staging-cluster")


@pytest.fixture
def checkout_of_two_clusters(program: Program) -> Iterator[Checkout]:
    checkout = program(
        NAMESPACE,
        application("app", 'config={"A": "1"}, secrets={"B": "2"}'),
        release('values={"greeting": "near", "password": "hunter2"}'),
        WEST,
    )
    kubeconfig = checkout.kubectl("config", "view", "--raw", "--minify", context="staging-cluster")
    checkout.write("west.yaml", kubeconfig)
    yield checkout
    checkout.kubectl(
        "delete", "namespace", checkout.stack, "--ignore-not-found", context="staging-cluster"
    )


@pytest.mark.parametrize("lost", ["removed", "forgotten"])
def test_a_state_in_a_folder_is_made_again(checkout_of_two_clusters: Checkout, lost: str) -> None:
    checkout = checkout_of_two_clusters
    checkout.sluice("up")
    before = _versions(checkout)
    if lost == "removed":
        shutil.rmtree(checkout.state / ".pulumi")
    else:
        _forget(checkout)
    checkout.sluice("up")
    assert _versions(checkout) == before
    assert "Nothing to do" in checkout.sluice("up")


def test_a_state_in_a_database_is_made_again(
    checkout_of_two_clusters: Checkout, sandbox: Sandbox
) -> None:
    checkout = checkout_of_two_clusters
    # A checkout with a sandbox keeps its state in a folder.
    (checkout.root / ".sluice" / "sandbox").unlink()
    with postgres() as url:
        checkout.settings.update(
            {
                "KUBECONFIG": str(sandbox.kubeconfig),
                "PULUMI_BACKEND_URL": url,
                "PULUMI_CONFIG_PASSPHRASE": "sandbox",
            }
        )
        checkout.sluice("up")
        before = _versions(checkout)
        _forget(checkout)
        checkout.sluice("up")
        assert _versions(checkout) == before
        assert "Nothing to do" in checkout.sluice("up")


def _forget(checkout: Checkout) -> None:
    checkout.pulumi("stack", "rm", checkout.stack, "--force", "--yes", "--preserve-config")


def _versions(checkout: Checkout) -> dict[str, str]:
    """Each object, Helm's records among them, with what changes whenever something of it does."""
    found = {}
    for context in CLUSTERS:
        kinds = "configmap,deployment,pod,secret,service"
        shown = checkout.kubectl("get", kinds, "-n", checkout.stack, "-o", "json", context=context)
        for each in json.loads(shown)["items"]:
            metadata = each["metadata"]
            name = f"{context}: {each['kind']} {metadata['name']}"
            found[name] = metadata["resourceVersion"]
    return found
