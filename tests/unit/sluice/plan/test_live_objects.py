from __future__ import annotations

from typing import Any

from sluice.declaration.rendering import Manifest
from tests.unit.sluice.plan.fake_cluster import FakeCluster, compared, config_map


def test_what_the_account_may_not_read_is_named_and_the_rest_compared() -> None:
    cluster = FakeCluster(config_map("seen", a="1"), config_map("hidden", a="1"))
    cluster.hidden = [("ConfigMap", "hidden"), ("HorizontalPodAutoscaler", "")]
    declared = [Manifest("app", config_map(name, a="2")) for name in ("seen", "hidden")]
    found = compared(cluster, declared)
    assert [each.identity.name for each in found.differences] == ["seen"]
    assert found.unchanged == 0
    assert list(found.unread) == ["ConfigMap web/hidden"]
    assert 'cannot get resource "ConfigMap"' in found.unread["ConfigMap web/hidden"]


def test_a_kind_that_nothing_makes_known_is_said() -> None:
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    (found,) = compared(FakeCluster(), [Manifest("app", widget)]).differences
    assert (found.operation, found.note) == ("create", "the cluster does not serve example.com/v1")


def deployment(replicas: int) -> dict[str, Any]:
    metadata = {"name": "app", "namespace": "web"}
    spec = {"replicas": replicas}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def test_what_an_autoscaler_sets_is_left_to_it() -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "app", "namespace": "web"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "app"}},
    }
    found = compared(FakeCluster(deployment(5), scaler), [Manifest("app", deployment(2))])
    assert (found.differences, found.unchanged) == ([], 1)
    assert [(each.path, each.reason) for each in found.ignored] == [
        ("spec.replicas", "a HorizontalPodAutoscaler sets it")
    ]
