"""A state that a killed update left behind, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sluice.backend.secret_values import RELEASE
from sluice.recovery.repair import (
    Installed,
    has_pending,
    needs_repair,
    release_id,
    releases,
    repaired,
    with_release,
)

STACK = {"urn": "urn:stack", "type": "pulumi:pulumi:Stack"}


def config_map(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {
        "urn": f"urn:{namespace}/{name}",
        "type": "kubernetes:core/v1:ConfigMap",
        "inputs": {"metadata": metadata, "data": {"a": "1"}},
        **more,
    }


def release(name: str, **more: Any) -> dict[str, Any]:
    values = {"password": "hunter2"}
    return {
        "urn": f"urn:release/{name}",
        "type": RELEASE,
        "parent": STACK["urn"],
        "provider": "urn:provider",
        "inputs": {"name": name, "namespace": "databases", "timeout": 300, "values": values},
        "outputs": {"chart": "./redis.tgz", "status": "failed"},
        **more,
    }


def pending(*resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "creating", "resource": resource} for resource in resources]


def test_a_whole_state_needs_nothing() -> None:
    state = {"resources": [STACK, config_map("a", id="shop/a")]}
    assert not has_pending(state)
    assert not needs_repair(state, ())
    assert not needs_repair({}, ())


def test_what_was_being_created_is_put_in_for_the_refresh_to_judge() -> None:
    state = {"resources": [STACK], "pending_operations": pending(config_map("a"))}
    assert needs_repair(state, ())
    mended = repaired(state, ())
    assert mended["resources"][1]["id"] == "shop/a"
    assert not needs_repair(mended, ())


def test_an_object_without_a_namespace_is_found_by_its_name() -> None:
    state = {"resources": [STACK], "pending_operations": pending(config_map("a", namespace=""))}
    assert repaired(state, ())["resources"][1]["id"] == "a"


def test_what_another_provider_was_doing_is_left_to_it() -> None:
    bucket = {"urn": "urn:bucket", "type": "aws:s3:Bucket", "inputs": {}}
    state = {"resources": [STACK], "pending_operations": pending(bucket, config_map("a"))}
    mended = repaired(state, ())
    assert [op["resource"]["urn"] for op in mended["pending_operations"]] == ["urn:bucket"]
    assert "urn:bucket" not in [entry["urn"] for entry in mended["resources"]]


def test_a_release_that_failed_or_is_unfinished_is_to_be_done_again() -> None:
    failed = release("redis", id="databases/redis", initErrors=["not ready"])
    unfinished = release("gitea", id="databases/gitea")
    good = release("keda", id="databases/keda")
    mended = repaired({"resources": [STACK, failed, unfinished, good]}, {unfinished["urn"]})
    charts = ["chart" in entry["outputs"] for entry in mended["resources"][1:]]
    assert charts == [False, False, True]


def test_a_release_that_was_being_made_keeps_no_value_in_plain_text() -> None:
    mended = repaired({"resources": [STACK], "pending_operations": pending(release("redis"))}, ())
    assert mended["resources"][1]["id"] == "databases/redis"
    assert "hunter2" not in json.dumps(mended)


def test_a_lost_release_is_taken_in_once_and_below_its_parent_only() -> None:
    state = {"resources": [STACK]}
    found = with_release(state, release("redis"))
    assert found is not None
    assert [release_id(each) for each in releases(found)] == ["databases/redis"]
    assert with_release(found, release("redis", urn="urn:another")) is None
    assert with_release({"resources": []}, release("redis")) is None


def test_a_release_that_is_installed_is_known_by_what_helm_has_recorded_of_it() -> None:
    declared = release("redis")
    declared["inputs"] |= {"chart": "./redis.tgz", "version": "19.0.0", "postrender": "./post"}
    installed = Installed("18.0.0", {"replicas": 2})
    (_, made) = with_release({"resources": [STACK]}, declared, installed)["resources"]  # type: ignore[index]
    assert made["outputs"]["chart"] == "./redis.tgz"
    assert (made["outputs"]["version"], made["outputs"]["postrender"]) == ("18.0.0", "")
    remembered = json.loads(made["outputs"]["__inputs"]["plaintext"])
    assert remembered["values"] == {"replicas": 2}
    assert "hunter2" not in json.dumps(made)


def test_a_release_of_another_chart_is_to_be_done_again() -> None:
    installed = Installed("18.0.0", {}, same_chart=False)
    declared = release("redis")
    declared["inputs"]["chart"] = "./redis.tgz"
    (_, made) = with_release({"resources": [STACK]}, declared, installed)["resources"]  # type: ignore[index]
    assert "chart" not in made["outputs"]


def test_a_release_brings_what_it_hangs_on_into_an_empty_state() -> None:
    lost = release("redis", parent="urn:component")
    component = {"urn": "urn:component", "type": "sluice:helm:HelmRelease"}
    found = with_release({"resources": [STACK]}, lost, above=[STACK, component])
    assert found is not None
    assert [each["urn"] for each in found["resources"]] == [
        "urn:stack",
        "urn:component",
        "urn:release/redis",
    ]


@given(
    known=st.sets(st.sampled_from("abcdef")),
    creating=st.sets(st.sampled_from("abcdef")),
)
def test_each_object_is_in_the_mended_state_once(known: set[str], creating: set[str]) -> None:
    state = {
        "resources": [STACK, *(config_map(name, id=f"shop/{name}") for name in sorted(known))],
        "pending_operations": pending(*(config_map(name) for name in sorted(creating))),
    }
    mended = repaired(state, ())
    urns = sorted(entry["urn"] for entry in mended["resources"])
    assert urns == sorted(["urn:stack", *(f"urn:shop/{name}" for name in known | creating)])
    assert not has_pending(mended)
