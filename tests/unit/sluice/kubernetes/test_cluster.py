from __future__ import annotations

from typing import Any

import pytest

from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import FORBIDDEN


class Guarded(Cluster):
    """A cluster of ConfigMaps that may be listed in some namespaces, and be read by name."""

    def __init__(self, *listable: str) -> None:
        super().__init__("dev-cluster")
        self._listable = listable
        self.asked: list[str] = []

    def list(self, _api_version: str, _kind: str, *, namespace: str = "", **_rest: str) -> Any:
        self.asked.append(namespace or "all")
        if namespace not in self._listable:
            raise ApiError("configmaps is forbidden", status=FORBIDDEN)
        spaces = ("shop", "queue", "other") if not namespace else (namespace,)
        return [{"metadata": {"namespace": space, "name": "web"}} for space in spaces]

    def get(self, _api_version: str, _kind: str, namespace: str, name: str) -> Any:
        self.asked.append(f"{namespace}/{name}")
        known = namespace in ("shop", "queue")
        return {"metadata": {"namespace": namespace, "name": name}} if known else None


def namespaces(found: Any) -> list[str]:
    return [each["metadata"]["namespace"] for each in found]


def test_who_may_list_all_namespaces_is_asked_once_and_given_those_that_count() -> None:
    cluster = Guarded("")
    assert namespaces(cluster.list_in("v1", "ConfigMap", {"shop", "queue"})) == ["shop", "queue"]
    assert cluster.asked == ["all"]


def test_who_may_list_some_namespaces_is_asked_for_each() -> None:
    cluster = Guarded("shop", "queue")
    assert namespaces(cluster.list_in("v1", "ConfigMap", {"shop", "queue"})) == ["queue", "shop"]
    assert cluster.asked == ["all", "queue", "shop"]


def test_who_may_not_list_is_asked_by_name_and_what_is_not_there_is_left_out() -> None:
    cluster = Guarded()
    places = {("shop", "web"), ("queue", "web"), ("gone", "web")}
    assert namespaces(cluster.named("v1", "ConfigMap", places)) == ["queue", "shop"]


def test_a_cluster_that_cannot_be_asked_is_not_asked_again() -> None:
    class Away(Guarded):
        def list(self, *_what: str, **_rest: str) -> Any:
            raise ApiError("the cluster cannot be asked")

    with pytest.raises(ApiError, match="cannot be asked"):
        Away().named("v1", "ConfigMap", {("shop", "web")})
