"""Comparisons with a cluster of a few objects, whose dry run is a plain merge."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

from components.base.ignore import Ignore
from components.lib.manifests.identity import identify
from components.lib.manifests.patch import strategic_merge
from sluice.declaration.rendering import Manifest, Rendering
from sluice.diff.difference import Comparison
from sluice.diff.masking import Masks
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import Record
from sluice.plan.comparison import Owned, compare


class FakeCluster(Cluster):
    """A cluster that serves every kind but `Widget`."""

    warnings: tuple[str, ...] = ()
    hidden: Collection[tuple[str, str]] = ()

    def __init__(self, *objects: dict[str, Any], refusal: ApiError | None = None) -> None:
        super().__init__("test")
        self._objects = objects
        self._refusal = refusal

    def list(self, _api_version: str, kind: str, *, namespace: str = "", labels: str = "") -> Any:
        assert not labels
        if kind in {of for of, _ in self.hidden}:
            raise _no_permission("list", kind)
        found = (each for each in self._objects if each["kind"] == kind)
        return [each for each in found if namespace in ("", each["metadata"].get("namespace"))]

    def get(self, _api_version: str, kind: str, _namespace: str, name: str) -> Any:
        if (kind, name) in self.hidden:
            raise _no_permission("get", kind)
        found = (each for each in self._objects if each["kind"] == kind)
        return next((each for each in found if each["metadata"]["name"] == name), None)

    def serves(self, _api_version: str, kind: str) -> bool:
        return kind != "Widget"

    def dry_run(self, manifest: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        if self._refusal:
            raise self._refusal
        found = [each for each in self._objects if identify(each) == identify(manifest)]
        merged = strategic_merge(found[0] if found else {}, manifest)
        status = {"observedGeneration": 9}
        return {**merged, "status": status}, self.warnings


def _no_permission(verb: str, kind: str) -> ApiError:
    said = f'{kind} is forbidden: User "ci" cannot {verb} resource "{kind}" in API group ""'
    return ApiError(f"context test: {said}", status=403)


def config_map(name: str = "app", **data: str | None) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "web", "uid": "1", "managedFields": [{}]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def compared(
    cluster: FakeCluster,
    declared: Sequence[Manifest],
    owned: Sequence[Owned] = (),
    recorded: dict[str, Record] | None = None,
    secrets: Sequence[str] = (),
) -> Comparison:
    rendering = Rendering(list(declared), {}, {}, Masks(secrets))
    return compare(cluster, rendering, owned, recorded or {})  # type: ignore[arg-type]


def test_what_the_server_writes_is_no_difference() -> None:
    found = compared(FakeCluster(config_map(a="1")), [Manifest("app", config_map(a="1", b=None))])
    assert (found.differences, found.unchanged) == ([], 1)


def test_what_the_state_has_and_nothing_declares_is_deleted_unless_it_stays() -> None:
    owned = [
        Owned("app", identify(config_map("old")), retained=False),
        Owned("app", identify(config_map("kept")), retained=True),
        Owned("app", identify(config_map("gone")), retained=False),
    ]
    found = compared(FakeCluster(config_map("old"), config_map("kept")), [], owned)
    assert [(each.operation, each.identity.name) for each in found.differences] == [
        ("delete", "old")
    ]
    assert [(each.identity.name, each.reason) for each in found.ignored] == [
        ("kept", "declared no more, but stays: its component does not prune")
    ]


def test_what_helm_keeps_or_takes_away_is_read_from_its_record() -> None:
    kept = config_map("kept")
    kept["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    record = Record("web", [config_map(a="1", b="1"), config_map("old"), kept])
    cluster = FakeCluster(config_map(a="1", b="1", hand="1"), config_map("old"), kept)
    manifest = Manifest("web", config_map(a="1"), release="web/web")
    found = compared(cluster, [manifest], recorded={"web/web": record})
    update, deletion = found.differences
    assert update.fields == [("data.b", "1", None)]
    assert (deletion.operation, deletion.identity.name) == ("delete", "old")
    assert [each.identity.name for each in found.ignored] == ["kept"]


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


def test_what_the_account_may_not_read_is_named_and_the_rest_compared() -> None:
    cluster = FakeCluster(config_map("seen", a="1"), config_map("hidden", a="1"))
    cluster.hidden = [("ConfigMap", "hidden"), ("HorizontalPodAutoscaler", "")]
    declared = [Manifest("app", config_map(name, a="2")) for name in ("seen", "hidden")]
    found = compared(cluster, declared)
    assert [each.identity.name for each in found.differences] == ["seen"]
    assert found.unchanged == 0
    assert list(found.unread) == ["ConfigMap web/hidden"]
    assert 'cannot get resource "ConfigMap"' in found.unread["ConfigMap web/hidden"]


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


def test_a_cluster_that_cannot_be_asked_ends_it() -> None:
    cluster = FakeCluster(refusal=ApiError("context test: the cluster cannot be asked"))
    with pytest.raises(ApiError):
        compared(cluster, [Manifest("app", config_map())])


def test_a_kind_that_nothing_makes_known_is_said() -> None:
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    (found,) = compared(FakeCluster(), [Manifest("app", widget)]).differences
    assert (found.operation, found.note) == ("create", "the cluster does not serve example.com/v1")


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
