"""Helm releases that are there already, and in no state: taken over by Helm's own records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.platform.members import NAMESPACE, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

OBJECTS = "configmap,deployment,pod,replicaset,secret"


def test_a_release_of_plain_helm_is_taken_over_as_it_is(program: Program) -> None:
    checkout = program(NAMESPACE, release('values={"greeting": "moin", "replicas": 2}'))
    _install(checkout, "--set", "greeting=moin,replicas=2")
    before = _versions(checkout)
    shown = checkout.sluice("up")
    assert f"took over the Helm release {checkout.stack}/web, which is there as revision 1" in shown
    assert _versions(checkout) == before
    assert _revisions(checkout) == [(1, "deployed")]
    assert "Nothing to do" in checkout.sluice("up")
    assert "no drift" in checkout.sluice("drift", checkout.stack)


def test_a_release_that_differs_is_upgraded_once(program: Program) -> None:
    checkout = program(NAMESPACE, release('values={"greeting": "moin"}'))
    _install(checkout, "--set", "greeting=hello,replicas=2")
    checkout.sluice("up")
    assert _revisions(checkout) == [(1, "superseded"), (2, "deployed")]
    assert checkout.get("configmap", "web")["data"] == {"greeting": "moin"}
    assert checkout.get("deployment", "web")["spec"]["replicas"] == 1
    assert "Nothing to do" in checkout.sluice("up")


def _install(checkout: Checkout, *options: str) -> None:
    """Install the chart as a person would."""
    place = ("-n", checkout.stack, "--create-namespace", "--wait")
    checkout.helm("upgrade", "--install", "web", "./charts/web", *place, *options)


def _revisions(checkout: Checkout) -> list[tuple[int, str]]:
    form = ("-n", checkout.stack, "-o", "json")
    told = json.loads(checkout.helm("history", "web", *form))
    return [(each["revision"], each["status"]) for each in told]


def _versions(checkout: Checkout) -> dict[str, str]:
    """Each object with what changes whenever something of it does."""
    shown = checkout.kubectl("get", OBJECTS, "-n", checkout.stack, "-o", "json")
    found: list[Any] = json.loads(shown)["items"]
    return {
        f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
        for each in found
    }
