from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from components.lib.manifests.difference import difference
from components.lib.manifests.patch import strategic_merge
from components.lib.manifests.schema import schema_of

DEPLOYMENT = schema_of("apps/v1", "Deployment")
SERVICE = schema_of("v1", "Service")


def deployment(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {**spec, "template": {"spec": {"containers": list(containers)}}}}


def test_the_same_needs_no_patch() -> None:
    one = deployment({"name": "a", "image": "a:1"}, {"name": "b"}, replicas=2)
    other = deployment({"name": "b"}, {"name": "a", "image": "a:1"}, replicas=2)
    assert difference(one, other, DEPLOYMENT) == {}


def test_an_item_is_named_by_its_key_and_only_what_differs_is_told() -> None:
    declared = deployment({"name": "a", "image": "a:1", "command": ["run"]}, {"name": "b"})
    live = deployment({"name": "a", "image": "a:2", "command": ["run"]}, {"name": "c"}, replicas=5)
    assert difference(declared, live, DEPLOYMENT) == {
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "a", "image": "a:2"},
                        {"name": "c"},
                        {"name": "b", "$patch": "delete"},
                    ]
                }
            },
            "replicas": 5,
        }
    }


def test_ports_are_named_by_number_and_protocol() -> None:
    tcp, udp = {"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}
    patch = difference(
        {"spec": {"ports": [tcp, udp]}}, {"spec": {"ports": [{**tcp, "name": "dns"}, udp]}}, SERVICE
    )
    assert patch == {"spec": {"ports": [{**tcp, "name": "dns"}]}}


NAMES = st.sampled_from(["a", "b", "c"])
LABELS = st.dictionaries(NAMES, st.sampled_from(["1", "2"]))
ENV = st.lists(
    st.fixed_dictionaries({"name": NAMES, "value": NAMES}), unique_by=lambda e: e["name"]
)
CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"image": NAMES, "env": ENV}),
    unique_by=lambda container: container["name"],
)
OBJECTS = st.fixed_dictionaries(
    {"spec": st.fixed_dictionaries({}, optional={"replicas": st.integers(0, 3)})},
    optional={
        "metadata": st.fixed_dictionaries(
            {}, optional={"labels": LABELS, "finalizers": st.lists(NAMES, unique=True)}
        )
    },
).flatmap(
    lambda base: CONTAINERS.map(
        lambda items: {
            **base,
            "spec": {**base["spec"], "template": {"spec": {"containers": items}}},
        }
    )
)


@settings(deadline=None)  # a busy machine is no failure
@given(OBJECTS, OBJECTS)
def test_applying_the_difference_makes_one_object_of_the_other(one: Any, other: Any) -> None:
    patch = difference(one, other, DEPLOYMENT)
    assert in_order(strategic_merge(one, patch, DEPLOYMENT)) == in_order(other)


def in_order(value: Any) -> Any:
    """The value with its lists sorted, and without what is empty."""
    if isinstance(value, dict):
        kept = {key: in_order(value[key]) for key in sorted(value)}
        return {key: item for key, item in kept.items() if item not in ([], {})}
    return sorted(map(in_order, value), key=repr) if isinstance(value, list) else value
