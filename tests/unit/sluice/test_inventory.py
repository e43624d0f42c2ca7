from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sluice import inventory as module
from sluice.cluster import Cluster
from sluice.commands.get import rows_as_table
from sluice.engine import Resource
from sluice.inventory import Row, inventory
from sluice.liveness import Workload
from sluice.tables import table

if TYPE_CHECKING:
    from conftest import MakeRepository

ENVIRONMENT = "urn:e::environment"


def resource(kind: str, name: str, parent: str = ENVIRONMENT, /, **outputs: Any) -> Resource:
    return Resource(f"urn:{kind}::{name}", kind, name, parent, outputs)


def deployed(name: str, parent: Resource, kind: str = "apps/v1:Deployment") -> Resource:
    metadata = {"name": name, "namespace": "shop"}
    return resource(f"kubernetes:{kind}", name, parent.urn, metadata=metadata)


WEB = resource("sluice:apps:Application", "web", image="registry.local:5000/web:1.2@sha256:00")
SPACE = resource("sluice:core:Namespace", "shop", WEB.urn, name="shop")
REDIS = resource("sluice:helm:HelmRelease", "redis", version="19.6.4")
STATE = [
    resource("pulumi:pulumi:Stack", "p-dev", ""),
    resource("sluice:environment:Environment", "dev"),
    WEB,
    SPACE,
    REDIS,
    resource("sluice:source:HelmRepository", "charts", url="https://charts.example.org"),
    deployed("web", WEB),
    deployed("web", WEB, "core/v1:Service"),
    resource("kubernetes:core/v1:Namespace", "shop", SPACE.urn, metadata={"name": "shop"}),
    resource(
        "kubernetes:helm.sh/v3:Release",
        "redis",
        REDIS.urn,
        resourceNames={
            "StatefulSet.apps/apps/v1": ["shop/redis-master"],
            "ConfigMap/v1": ["shop/redis"],
        },
    ),
]


class FakeEngine:
    def __init__(self, _repository: object, stack: str) -> None:
        assert stack == "dev"

    def resources(self) -> list[Resource]:
        return STATE

    def commit(self) -> str:
        return "abc1234"


@pytest.fixture
def rows(repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    def unready(cluster: Cluster, workloads: list[Workload]) -> dict[Workload, str]:
        assert cluster.context == "dev-cluster"
        return {w: f"{w}: 0 of 1 replicas ready" for w in workloads if w.kind == "StatefulSet"}

    monkeypatch.setattr(module, "Engine", FakeEngine)
    monkeypatch.setattr(module, "unready", unready)
    return inventory(repository(dev=""), "dev")


def test_each_component_has_a_row_with_its_version_and_readiness(rows: list[Row]) -> None:
    assert rows_as_table(rows).splitlines() == [
        "STACK    COMPONENT    KIND            VERSION    READY    COMMIT    MESSAGE",
        "dev      web          Application     1.2        True     abc1234   3 objects",
        (
            "dev      redis        HelmRelease     19.6.4     False    abc1234"
            "   StatefulSet shop/redis-master: 0 of 1 replicas ready"
        ),
        "dev      charts       HelmRepository  -          True     abc1234",
        "dev      shop         Namespace       -          True     abc1234   1 object",
    ]


def test_a_row_is_a_record_for_programs(rows: list[Row]) -> None:
    assert rows[0].as_dict() == {
        "stack": "dev",
        "component": "web",
        "kind": "Application",
        "version": "1.2",
        "ready": True,
        "message": "3 objects",
        "commit": "abc1234",
    }


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("web:1.2", "1.2"),
        ("registry.local:5000/team/web:1.2@sha256:00", "1.2"),
        ("registry.local:5000/team/web@sha256:00", "-"),
    ],
)
def test_an_application_s_version_is_its_image_s_tag(image: str, version: str) -> None:
    assert module._version(resource("sluice:apps:Application", "web", image=image)) == version


def test_a_table_keeps_text_as_it_is() -> None:
    assert table(("NAME", "VERSION"), [("a", "1.10"), ("bb", "007")]).splitlines() == [
        "NAME    VERSION",
        "a       1.10",
        "bb      007",
    ]
