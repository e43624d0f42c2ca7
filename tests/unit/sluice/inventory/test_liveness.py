from __future__ import annotations

from typing import Any

from sluice.errors import ApiError
from sluice.inventory.component import Owned
from sluice.inventory.liveness import Live
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.readiness import Status
from tests.unit.sluice.stack_data import DEPLOYED, live, live_object


def test_an_object_that_somebody_deleted_is_not_there() -> None:
    assert live(ConfigMap=[]).status(Owned("v1", "ConfigMap", "shop", "redis")) == Status(
        False, "not there"
    )


def test_a_kind_that_may_not_be_listed_is_unknown_and_the_others_are_told() -> None:
    class Guarded(Cluster):
        def namespaced(self, _api_version: str, kind: str) -> bool:
            return kind != "Namespace"

        def list(self, _api_version: str, kind: str, **_where: str) -> list[dict[str, Any]]:
            if kind == "ConfigMap":
                raise ApiError("configmaps is forbidden")
            return [live_object(kind, "web")]

    guarded = Guarded("dev-cluster")
    found = Live.of(guarded, DEPLOYED.objects)
    assert found.status(Owned("v1", "ConfigMap", "shop", "redis")) == Status(
        None, "configmaps is forbidden"
    )
    assert found.status(Owned("v1", "Service", "shop", "web")).ready is True
