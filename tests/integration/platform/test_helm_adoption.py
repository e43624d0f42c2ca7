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


def test_a_release_is_adopted_before_anything_is_deployed(program: Program) -> None:
    checkout = program(NAMESPACE, release('values={"greeting": "moin"}'))
    _install(checkout, "--set", "greeting=moin")
    before = _versions(checkout)
    (row,) = _planned(checkout)
    assert row["operation"] == "update"
    assert row["note"] == (
        "Helm has this release already, as revision 1 of web-1.0.0: "
        "it is taken over, and stays as it is"
    )
    assert f"{checkout.stack}/web is {checkout.stack}'s" in checkout.sluice(
        "adopt", checkout.stack, "web"
    )
    assert _planned(checkout) == []
    checkout.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert _versions(checkout) == before
    assert _revisions(checkout) == [(1, "deployed")]
    assert "Nothing to do" in checkout.sluice("up")


def test_what_differs_in_an_adopted_release_is_shown_and_upgraded_once(program: Program) -> None:
    values = 'values={"greeting": "moin", "password": pulumi.Output.secret("hunter2")}'
    checkout = program(NAMESPACE, release(values))
    _install(checkout, "--set", "greeting=hello,replicas=2,password=hunter1")
    before = _versions(checkout)
    (row, *objects) = _planned(checkout)
    assert "upgraded" in row["note"]
    assert [each["path"] for each in row["fields"]] == [
        "values.greeting",
        "values.password",
        "values.replicas",
    ]
    assert _names(objects) == ["ConfigMap web", "Deployment web", "Secret web"]
    checkout.sluice("adopt", checkout.stack, "web")
    assert _versions(checkout) == before
    shown = checkout.sluice("preview", checkout.stack)
    assert "hunter" not in shown
    (row, *objects) = _planned(checkout)
    assert row["operation"] == "update"
    assert _names(objects) == ["ConfigMap web", "Deployment web", "Secret web"]
    checkout.sluice("up")
    assert _revisions(checkout) == [(1, "superseded"), (2, "deployed")]
    assert checkout.get("configmap", "web")["data"] == {"greeting": "moin"}
    assert "Nothing to do" in checkout.sluice("up")


def test_a_release_of_another_stack_is_left_to_it(program: Program) -> None:
    checkout = program(NAMESPACE, release())
    checkout.sluice("up")
    other = f"{checkout.stack}-2"
    stacks = checkout.root / "stacks"
    for name in (f"{checkout.stack}.py", f"Pulumi.{checkout.stack}.yaml"):
        text = (stacks / name).read_text()
        (stacks / name.replace(checkout.stack, other)).write_text(text)
    refused = checkout.sluice("adopt", other, "web", fails=True)
    assert f"is of the stack {checkout.stack}, and left to it" in refused
    assert f"is of the stack {checkout.stack}" in checkout.sluice("up", other, fails=True)
    assert _revisions(checkout) == [(1, "deployed")]


def _planned(checkout: Checkout) -> list[dict[str, Any]]:
    """What a preview shows of the release and its objects."""
    rows = checkout.answer("preview", checkout.stack)
    return [each for each in rows if each["component_kind"] == "HelmRelease"]


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{each['kind']} {each['name']}" for each in rows)


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
