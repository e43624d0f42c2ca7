from __future__ import annotations

import pytest

from components.lib.manifests.identity import identify
from sluice.declaration.rendering import Manifest
from sluice.errors import ApiError
from sluice.kubernetes.helm_records import ReleaseRecord
from sluice.plan.comparison import Owned
from tests.unit.sluice.plan.fake_cluster import FakeCluster, compared, config_map


def test_what_the_server_writes_is_no_difference() -> None:
    found = compared(FakeCluster(config_map(a="1")), [Manifest("app", config_map(a="1", b=None))])
    assert (found.differences, found.unchanged) == ([], 1)


def test_what_the_state_has_and_nothing_declares_is_deleted_unless_it_stays() -> None:
    owned = [
        Owned("app", identify(config_map("old"))),
        Owned("app", identify(config_map("kept")), kept="its component does not prune"),
        Owned("app", identify(config_map("gone"))),
    ]
    found = compared(FakeCluster(config_map("old"), config_map("kept")), [], owned)
    assert [(each.operation, each.identity.name) for each in found.differences] == [
        ("delete", "old")
    ]
    assert [(each.identity.name, each.reason) for each in found.ignored] == [
        ("kept", "declared no more, but stays: its component does not prune")
    ]


def test_a_cluster_that_cannot_be_asked_ends_it() -> None:
    cluster = FakeCluster(refusal=ApiError("context test: the cluster cannot be asked"))
    with pytest.raises(ApiError):
        compared(cluster, [Manifest("app", config_map())])


def test_what_helm_keeps_or_takes_away_is_read_from_its_record() -> None:
    kept = config_map("kept")
    kept["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    record = ReleaseRecord("web", [config_map(a="1", b="1"), config_map("old"), kept])
    cluster = FakeCluster(config_map(a="1", b="1", hand="1"), config_map("old"), kept)
    manifest = Manifest("web", config_map(a="1"), release="web/web")
    found = compared(cluster, [manifest], recorded={"web/web": record})
    update, deletion = found.differences
    assert update.fields == [("data.b", "1", None)]
    assert (deletion.operation, deletion.identity.name) == ("delete", "old")
    assert [each.identity.name for each in found.ignored] == ["kept"]
