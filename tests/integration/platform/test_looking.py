"""The verbs that show, on a real stack: what they print, what they find, and what is not ready."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from sluice.schemas import schema
from tests.integration.platform.members import NAMESPACE, application, release

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

MEMBERS = (NAMESPACE, release(), application("api", tag="1.0.0"))


@pytest.fixture
def shop(program: Program) -> Checkout:
    """A stack of a release and an application, merged by pull request 7 and deployed."""
    checkout = program(*MEMBERS)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.pulumi("stack", "init", checkout.stack)  # which writes its salt into the stack's file
    checkout.commit("feat: the shop (#7)")
    checkout.sluice("up")
    return checkout


def test_a_stack_is_looked_at_from_all_sides(shop: Checkout) -> None:
    _what_is_deployed_is_listed(shop)
    _the_tree_goes_down_to_the_pods(shop)
    _the_graph_is_drawn(shop)
    _a_pod_is_traced_to_its_line_and_its_pull_request(shop)
    _what_happened_and_how_much_it_is(shop)
    _everything_is_checked(shop)
    _an_object_that_is_deleted_by_hand_is_missed(shop)


def printed(shop: Checkout, name: str, *arguments: str) -> Any:
    """What a verb prints as JSON, which has to be as its published schema says."""
    found = json.loads(shop.sluice(*arguments, "-o", "json"))
    jsonschema.validate(found, schema(name))
    return found


def _what_is_deployed_is_listed(shop: Checkout) -> None:
    commit = shop.git("rev-parse", "HEAD").strip()[:7]
    rows = {row["name"]: row for row in printed(shop, "get", "get", "all")}
    assert rows["api"]["revision"] == f"1.0.0@{commit}"
    assert rows["web"]["objects"] == 3
    assert all(row["ready"] and row["created"] for row in rows.values())
    (stack,) = printed(shop, "get-stacks", "get", "stacks")
    assert (stack["revision"], stack["ready"], stack["result"]) == (commit, True, "succeeded")
    assert shop.sluice("get", "hr", "-o", "name") == "helmrelease/web\n"


def _the_tree_goes_down_to_the_pods(shop: Checkout) -> None:
    shown = shop.sluice("tree", shop.stack)
    assert f"│   ├── Deployment/{shop.stack}/web  1 of 1 replicas ready\n" in shown
    assert "│   │   └── ReplicaSet/" in shown
    assert "│   │       └── Pod/" in shown
    assert "\x1b" not in shown
    assert printed(shop, "tree", "tree")["name"] == shop.stack


def _the_graph_is_drawn(shop: Checkout) -> None:
    edges = printed(shop, "graph", "graph")["edges"]
    space = f"namespace/{shop.stack}"
    assert {(edge["component"], edge["needs"]) for edge in edges} == {
        ("application/api", space),
        ("helmrelease/web", space),
    }
    assert shop.sluice("graph").startswith("flowchart LR\n")
    drawing = ET.fromstring(shop.sluice("graph", "-o", "svg"))  # noqa: S314 - written here
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"


def _a_pod_is_traced_to_its_line_and_its_pull_request(shop: Checkout) -> None:
    pods = shop.kubectl("get", "pods", "-n", shop.stack, "-l", "app=web", "-o", "name")
    (found,) = printed(shop, "trace", "trace", *pods.strip().split("/"), "-n", shop.stack)
    assert found["component"] == "helmrelease/web"
    assert found["release"] == f"{shop.stack}/web"
    assert found["through"][-1] == f"Deployment {shop.stack}/web"
    program, _, line = found["where"].partition(":")
    assert "HelmRelease" in (shop.root / program).read_text().splitlines()[int(line) - 1]
    assert found["origin"]["author"] == "Ada <ada@example.com>"
    assert found["origin"]["pull_request"] == 7
    refused = shop.sluice("trace", "pod", "none", fails=True)
    assert "pod none is not there, or no stack declares it" in refused


def _what_happened_and_how_much_it_is(shop: Checkout) -> None:
    reasons = {event["reason"] for event in printed(shop, "events", "events")}
    assert {"ScalingReplicaSet", "SuccessfulCreate", "Scheduled"} <= reasons
    of_web = printed(shop, "events", "events", "--for", "helmrelease/web")
    assert {event["component"] for event in of_web} == {"helmrelease/web"}
    (numbers,) = printed(shop, "stats", "stats")
    assert {each["kind"]: each["ready"] for each in numbers["objects"]}["Deployment"] == 2
    assert numbers["state_bytes"] > 0
    assert numbers["last_seconds"][0] > 0


def _everything_is_checked(shop: Checkout) -> None:
    found = printed(shop, "check", "check")
    assert [each for each in found if each["ok"] is False] == []
    shown = shop.sluice("check", "--pre")
    assert f"► checking {shop.stack}\n" in shown
    assert "✔ server-side dry run is allowed\n" in shown


def _an_object_that_is_deleted_by_hand_is_missed(shop: Checkout) -> None:
    shop.kubectl("delete", "configmap", "web", "-n", shop.stack)
    missing = f"ConfigMap {shop.stack}/web: not there"
    (row,) = printed(shop, "get", "get", "all", "--status-selector", "ready=false")
    assert (row["name"], row["message"]) == ("web", missing)
    assert "not ready" in shop.sluice("tree")


def test_a_cluster_that_is_not_there_is_unknown_and_what_to_do_is_told(program: Program) -> None:
    checkout = program(*MEMBERS, context="no-such-cluster")
    (row,) = printed(checkout, "get-stacks", "get", "stacks")
    assert (row["ready"], row["revision"]) == (False, "-")
    assert "not deployed; run `sluice up" in row["message"]
    shown = checkout.sluice("check", "--pre", fails=True)
    assert "✗ context no-such-cluster: " in shown
    assert (
        f"to do: start the cluster, or name another context in stacks/Pulumi.{checkout.stack}"
        in (shown)
    )
