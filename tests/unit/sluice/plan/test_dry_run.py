from __future__ import annotations

from typing import Any

import pytest

from components.base.ignore import Ignore
from sluice.declaration.rendering import Manifest
from sluice.errors import ApiError
from tests.unit.sluice.plan.fake_cluster import FakeCluster, compared, config_map


def stateful_set(service: str) -> dict[str, Any]:
    metadata = {"name": "data", "namespace": "web"}
    spec = {"serviceName": service}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("release", "operation", "refusal", "loses"),
    [
        ("", "replace", "", True),
        ("web/web", "update", "updates for fields other than *** are forbidden", False),
    ],
)
def test_what_cannot_be_changed_is_replaced_by_pulumi_and_fails_helm(
    release: str, operation: str, refusal: str, loses: bool
) -> None:
    reason = "context test: updates for fields other than hunter2 are forbidden"
    cluster = FakeCluster(stateful_set("one"), refusal=ApiError(reason, status=422))
    manifest = Manifest("web", stateful_set("two"), release=release)
    (found,) = compared(cluster, [manifest], secrets=["hunter2"]).differences
    assert (found.operation, found.refusal, bool(found.loss)) == (operation, refusal, loses)
    assert found.fields == [("spec.serviceName", "one", "two")]


def test_a_secrets_value_is_not_in_the_reason_for_which_it_is_refused() -> None:
    refusal = ApiError('context test: Invalid value: "aHVudGVyMg"', status=422)
    secret = {**config_map(), "kind": "Secret", "data": {"token": "aHVudGVyMg"}}
    (found,) = compared(FakeCluster(refusal=refusal), [Manifest("app", secret)]).differences
    assert found.refusal == 'Invalid value: "***"'
    assert "aHVudGVyMg" not in str(found)


def test_what_the_cluster_warns_of_is_said_without_a_secret() -> None:
    cluster = FakeCluster(config_map(color="red"))
    cluster.warnings = ("no owner", "s3cret is deprecated")
    found = compared(
        cluster, [Manifest("app", config_map(color="blue"))], secrets=["s3cret"]
    ).differences
    assert [each.warnings for each in found] == [("no owner", "*** is deprecated")]
    assert compared(cluster, [Manifest("app", config_map(color="red"))]).differences == []
    secret = {**config_map(), "kind": "Secret", "data": {"token": "aHVudGVyMg"}}
    cluster.warnings = ("token aHVudGVyMg is short",)
    (found_secret,) = compared(cluster, [Manifest("app", secret)]).differences
    assert found_secret.warnings == ("token *** is short",)


QUOTA = "forbidden: exceeded quota: few"
HOOK = "failed calling webhook"


@pytest.mark.parametrize(
    ("status", "said", "refusal", "note"),
    [
        (403, 'forbidden: User "ci" cannot patch resource "configmaps" in API group ""', "", ""),
        (403, QUOTA, QUOTA, ""),
        (422, "ValidatingAdmissionPolicy denied", "ValidatingAdmissionPolicy denied", ""),
        (500, HOOK, "", f"could not be tried: {HOOK}"),
    ],
)
def test_what_a_policy_refuses_is_told_from_what_could_not_be_tried(
    status: int, said: str, refusal: str, note: str
) -> None:
    error = ApiError(f"context test: {said}", status=status)
    cluster = FakeCluster(config_map(a="1"), config_map("same", a="2"), refusal=error)
    declared = [Manifest("app", config_map(name, a="2")) for name in ("app", "new", "same")]
    found = compared(cluster, declared).differences
    assert [(each.operation, each.refusal, each.note) for each in found] == [
        ("update", refusal, note),
        ("create", refusal, note),
    ]


def test_what_a_component_leaves_to_others_is_not_compared() -> None:
    rules = [Ignore(paths=["/data/theirs"], kind="ConfigMap")]
    live = config_map(theirs="live", ours="1")
    manifest = Manifest("app", config_map(theirs="declared", ours="2"), ignored=rules)
    found = compared(FakeCluster(live), [manifest])
    assert [each.fields for each in found.differences] == [[("data.ours", "1", "2")]]
    assert [(each.path, each.reason) for each in found.ignored] == [
        ("data.theirs", "its component leaves it to others")
    ]


def test_a_charts_own_crds_are_made_and_never_updated() -> None:
    manifest = Manifest("web", config_map(a="2"), release="web/web", from_crds=True)
    assert compared(FakeCluster(config_map(a="1")), [manifest]).differences == []
    assert [each.operation for each in compared(FakeCluster(), [manifest]).differences] == [
        "create"
    ]
