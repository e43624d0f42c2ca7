from __future__ import annotations

import pytest

from sluice.inventory.component import components
from tests.unit.sluice.stack_data import REDIS, STATE, WEB, resource


def test_a_stack_s_components_come_by_kind_with_their_objects() -> None:
    found = {str(each): [str(owned) for owned in each.objects] for each in components(STATE)}
    assert found == {
        "application/web": ["Deployment shop/web", "Namespace shop", "Service shop/web"],
        "helmrelease/redis": [
            "ClusterRole redis",
            "ConfigMap shop/redis",
            "StatefulSet shop/redis-master",
        ],
        "helmrepository/charts": [],
        "namespace/shop": ["Namespace shop"],
    }


def test_the_objects_of_a_release_know_it_and_their_api_version() -> None:
    (redis,) = [each for each in components(STATE) if each.name == "redis"]
    assert {(owned.api_version, owned.kind, owned.release) for owned in redis.objects} == {
        ("apps/v1", "StatefulSet", "shop/redis"),
        ("v1", "ConfigMap", "shop/redis"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "shop/redis"),
    }


def test_a_component_needs_what_it_waits_for_and_where_its_chart_comes_from() -> None:
    needs = {str(each): each.needs for each in components(STATE)}
    assert needs["helmrelease/redis"] == ("helmrepository/charts", "namespace/shop")
    assert needs["application/web"] == ()


def test_a_component_tells_its_version_its_source_and_its_line() -> None:
    found = {each.name: each for each in components([WEB, REDIS])}
    assert (found["web"].version, found["redis"].version) == ("1.2", "19.6.4")
    assert found["redis"].source == "redis"
    assert found["redis"].where == "stacks/base.py:42"


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("web:1.2", "1.2"),
        ("registry.local:5000/team/web:1.2@sha256:00", "1.2"),
        ("registry.local:5000/team/web@sha256:00", ""),
    ],
)
def test_an_application_s_version_is_its_image_s_tag(image: str, version: str) -> None:
    (found,) = components([resource("sluice:apps:Application", "web", image=image)])
    assert found.version == version


def test_what_is_only_read_from_the_cluster_is_not_owned() -> None:
    read = resource("kubernetes:core/v1:Secret", "values", REDIS.urn, metadata={"name": "values"})
    object.__setattr__(read, "external", True)
    (found,) = components([REDIS, read])
    assert found.objects == ()
