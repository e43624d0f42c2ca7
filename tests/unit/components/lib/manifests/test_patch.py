from __future__ import annotations

from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.base.patch import Patch, apply_patch
from components.errors import DeclarationError
from components.lib.manifests.identity import Identity
from components.lib.manifests.patch import strategic_merge


def patched(base: str, **change: Any) -> Any:
    manifest = yaml.safe_load(base)
    before = yaml.safe_dump(manifest)
    result = apply_patch(manifest, Patch(kind=manifest["kind"], name="*", **change))
    assert yaml.safe_dump(manifest) == before  # what is patched is left as it was
    return result


def test_a_strategic_merge_finds_list_items_by_their_key() -> None:
    base = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          template:
            spec:
              nodeSelector: {zone: a, disk: ssd}
              containers:
              - {name: web, image: "web:1", command: [run, fast]}
              - {name: proxy, image: "proxy:1"}
              volumes:
              - {name: data, emptyDir: {}}
    """
    patch = """
        spec:
          replicas: null
          paused: true
          template:
            spec:
              nodeSelector: {zone: b, disk: null}
              containers:
              - {name: proxy, image: "proxy:2"}
              - {name: web, command: [stop]}
              - {name: new, image: "new:1"}
              volumes:
              - {name: data, $patch: delete}
    """
    expected = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          paused: true
          template:
            spec:
              nodeSelector: {zone: b}
              containers:
              - {name: proxy, image: "proxy:2"}
              - {name: web, image: "web:1", command: [stop]}
              - {name: new, image: "new:1"}
              volumes: []
    """
    assert patched(base, merge=yaml.safe_load(patch)) == yaml.safe_load(expected)


def test_ports_of_one_number_and_two_protocols_are_two_ports() -> None:
    base = """
        apiVersion: v1
        kind: Service
        metadata: {name: dns}
        spec:
          ports:
          - {port: 53, protocol: TCP, name: tcp}
          - {port: 53, protocol: UDP, name: udp}
    """
    change = {"spec": {"ports": [{"port": 53, "protocol": "UDP", "nodePort": 30053}]}}
    assert patched(base, merge=change)["spec"]["ports"] == [
        {"port": 53, "protocol": "TCP", "name": "tcp"},
        {"port": 53, "protocol": "UDP", "name": "udp", "nodePort": 30053},
    ]


def test_json_6902_changes_what_a_pointer_names() -> None:
    base = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, annotations: {example.org/a~b: x}}
        spec: {type: ClusterIP, ports: [{port: 80}, {port: 81}]}
    """
    operations = [
        {"op": "test", "path": "/spec/ports/1/port", "value": 81},
        {"op": "replace", "path": "/metadata/annotations/example.org~1a~0b", "value": "y"},
        {"op": "add", "path": "/spec/ports/0", "value": {"port": 79}},
        {"op": "add", "path": "/spec/ports/-", "value": {"port": 82}},
        {"op": "remove", "path": "/spec/type"},
        {"op": "copy", "from": "/metadata/name", "path": "/spec/externalName"},
        {"op": "move", "from": "/spec/externalName", "path": "/spec/clusterIP"},
    ]
    expected = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, annotations: {example.org/a~b: y}}
        spec: {clusterIP: web, ports: [{port: 79}, {port: 80}, {port: 81}, {port: 82}]}
    """
    assert patched(base, json6902=operations) == yaml.safe_load(expected)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"merge": {"spec": {"$patch": "clear"}}}, "$patch: clear is not allowed here"),
        ({"merge": {"spec": {"$retainKeys": ["a"]}}}, "$retainKeys is not a directive"),
        ({"merge": {"$patch": "delete"}}, "$patch: delete is not allowed here"),
        ({"merge": {"spec": {"containers": ["a"]}}}, "a list merged by 'name' is 'a'"),
        ({"merge": {"spec": {"containers": [{"image": "a"}]}}}, "is merged by 'name' and has none"),
        ({"json6902": [{"op": "remove", "path": "/spec/none"}]}, "none"),
        ({"json6902": [{"op": "add", "path": "/none/a", "value": 1}]}, "none"),
        ({"json6902": [{"op": "test", "path": "/kind", "value": "A"}]}, "is not equal to"),
        ({"json6902": [{"op": "jump", "path": "/kind"}]}, "Unknown operation 'jump'"),
        ({"json6902": [{"path": "/kind"}]}, "'op'"),
        ({"json6902": ["remove"]}, "remove"),
    ],
)
def test_a_patch_that_cannot_be_applied_is_an_error_that_names_its_line(
    change: dict[str, Any], problem: str
) -> None:
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}}
    patch = Patch(kind="Pod", name="a", **change)
    with pytest.raises(DeclarationError) as refusal:
        apply_patch(manifest, patch)
    assert "test_patch.py:" in patch.where
    assert str(refusal.value).startswith(f"{patch.where}: patch to Pod a: ")
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("patch", "matches"),
    [
        ({"kind": "Pod", "name": "web"}, True),
        ({"kind": "Pod", "name": "w*"}, True),
        ({"kind": "Pod", "name": "we?"}, True),
        ({"kind": "Pod", "name": "web", "namespace": "shop"}, True),
        ({"kind": "Pod", "name": "we"}, False),
        ({"kind": "pod", "name": "web"}, False),
        ({"kind": "Pod", "name": "WEB"}, False),
        ({"kind": "Pod", "name": "web", "namespace": "other"}, False),
    ],
)
def test_a_patch_is_meant_for_objects_of_its_kind_and_name(
    patch: dict[str, str], matches: bool
) -> None:
    identity = Identity(api_version="v1", kind="Pod", namespace="shop", name="web")
    assert Patch(merge={}, **patch).matches(identity) is matches


def test_outputs_survive_beside_and_below_what_is_patched() -> None:
    kept, put = (pulumi.Output.__new__(pulumi.Output) for _ in range(2))
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "stringData": {"kept": kept, "old": kept},
    }
    merged = apply_patch(
        manifest, Patch(kind="Secret", name="a", merge={"stringData": {"old": put, "new": put}})
    )
    assert merged["stringData"] == {"kept": kept, "old": put, "new": put}
    operations = [{"op": "replace", "path": "/stringData/old", "value": "x"}]
    replaced = apply_patch(manifest, Patch(kind="Secret", name="a", json6902=operations))
    assert replaced["stringData"]["kept"] is kept


JSON = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.text(st.characters(exclude_characters="$"), max_size=2), inner, max_size=3
        ),
    ),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(OBJECTS)
def test_an_empty_patch_changes_nothing(manifest: dict[str, Any]) -> None:
    assert strategic_merge(manifest, {}) == manifest


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once(manifest: dict[str, Any], patch: dict[str, Any]) -> None:
    once = strategic_merge(manifest, patch)
    assert strategic_merge(once, patch) == once


@given(OBJECTS, OBJECTS)
def test_what_a_patch_says_is_what_is_there_after(
    manifest: dict[str, Any], patch: dict[str, Any]
) -> None:
    merged = strategic_merge(manifest, patch)
    for key, value in patch.items():
        assert isinstance(value, dict) or merged[key] == value
    assert {key: merged[key] for key in manifest.keys() - patch.keys()} == {
        key: manifest[key] for key in manifest.keys() - patch.keys()
    }
