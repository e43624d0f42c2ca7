from __future__ import annotations

from typing import Any

import pytest

from components import DeclarationError, Ignore
from sluice.drift.fields import ABSENT, compared, suspects
from sluice.kubernetes.managed_fields import Fields, foreign, owner, owners_of, shown

HIDDEN = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}


def live(manager: str = "sluice", fields: Fields | None = None, **content: Any) -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields or {"f:other": {}}}
    return {"metadata": {"name": "x", "managedFields": [entry]}, **content}


def suspected(declared: dict[str, Any], found: dict[str, Any]) -> list[str]:
    named = suspects(declared, found, owners_of(found, {"sluice"}))
    return [shown(each.path) for each in named]


OWNED_LIMIT = {"f:spec": {"f:limits": {"f:cpu": {}}}}
OWNED_PORTS = {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}}}


@pytest.mark.parametrize(
    ("declared", "found", "by", "paths"),
    [
        (False, True, "kubectl-edit", ["spec.x"]),
        (0, 5, "kubectl-edit", ["spec.x"]),
        ("", "text", "kubectl-edit", ["spec.x"]),
        ({}, {"a": "b"}, "kubectl-edit", ["spec.x"]),
        ([], ["a"], "kubectl-edit", ["spec.x"]),
        (None, 5, "kubectl-edit", ["spec.x"]),
        ({}, {"a": "b"}, "sluice", []),
        (None, 5, "sluice", []),
        ("", "text", "kube-controller-manager", []),
        ({}, {"a": "b"}, "kube-controller-manager", []),
        ({}, {"a": "b"}, "", ["spec.x"]),
        (None, 5, "", ["spec.x"]),
        ({}, {}, "kubectl-edit", []),
        (0, 0, "kubectl-edit", []),
        (0, False, "kubectl-edit", ["spec.x"]),
    ],
)
def test_in_the_place_of_an_empty_value_a_default_is_ours_and_what_others_own_is_not(
    declared: Any, found: Any, by: str, paths: list[str]
) -> None:
    fields: Fields = {"f:spec": {"f:x": {}}} if by else {}
    owned = live(by, fields, spec={"x": found})
    assert suspected({"spec": {"x": declared}}, owned) == paths


def test_what_is_declared_empty_for_others_to_fill_is_no_drift() -> None:
    found = live("operator", {"f:metadata": {"f:labels": {"f:a": {}}}, "f:webhooks": {}})
    found["metadata"]["labels"] = {"a": "b"}
    found["webhooks"] = [{"clientConfig": {"caBundle": "MTIz"}}]
    webhooks = [{"clientConfig": {"caBundle": ""}}]
    assert suspected({"metadata": {"name": "x", "labels": {}}, "webhooks": webhooks}, found) == []


def test_an_item_is_found_where_it_is_live() -> None:
    declared = {"spec": {"ports": [{"name": "web", "hostPort": 0}]}}
    ports = [{"name": "other"}, {"name": "web", "hostPort": 80}]
    key = 'k:{"name":"web"}'
    found = live(
        "kubectl", {"f:spec": {"f:ports": {key: {"f:hostPort": {}}}}}, spec={"ports": ports}
    )
    ours = {
        "manager": "sluice",
        "fieldsV1": {"f:spec": {"f:ports": {key: {".": {}, "f:name": {}}}}},
    }
    found["metadata"]["managedFields"].append(ours)
    (suspect,) = suspects(declared, found, owners_of(found, {"sluice"}))
    assert (shown(suspect.path), shown(suspect.where)) == (
        "spec.ports[0].hostPort",
        "spec.ports[1].hostPort",
    )


@pytest.mark.parametrize(
    ("declared", "found", "fields", "paths"),
    [
        ({"a": "1"}, {"a": "1"}, {}, []),
        ({"a": "1"}, {"a": "2"}, {}, ["spec.a"]),
        ({"a": "1"}, {}, {}, ["spec.a"]),
        ({"a": None}, {}, {}, []),
        ({"a": {}, "b": [], "c": False}, {}, {}, ["spec.a", "spec.b", "spec.c"]),
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "1"}}, OWNED_LIMIT, []),
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "1"}}, {}, ["spec.limits.cpu"]),
        ({"on": True}, {"on": 1}, {}, ["spec.on"]),
        ({"a": HIDDEN}, {"a": "?"}, {"f:spec": {"f:a": {}}}, []),
        ({"a": HIDDEN}, {"a": "?"}, {}, ["spec.a"]),
        ({"a": HIDDEN}, {"a": {"b": "?"}}, {"f:spec": {"f:a": {"f:b": {}}}}, ["spec.a"]),
        ({"list": ["a"]}, {"list": ["a", "b"]}, {}, ["spec.list"]),
        (
            {"ports": [{"port": 80}]},
            {"ports": [{"port": 22}, {"port": 80, "protocol": "TCP"}]},
            OWNED_PORTS,
            [],
        ),
        ({"map": {"a": "1"}}, {"map": {"a": "1", "b": "2"}}, {"f:spec": {"f:map": {}}}, []),
        ({"map": {"a": "1"}}, {"map": {"a": "1", "b": "2"}}, {}, ["spec.map"]),
    ],
)
def test_the_quick_comparison_names_what_may_have_drifted(
    declared: Any, found: Any, fields: Fields, paths: list[str]
) -> None:
    assert suspected({"spec": declared}, live(fields=fields, spec=found)) == paths


def test_what_others_own_inside_a_map_is_not_ours_with_the_map() -> None:
    found = live(fields={"f:data": {}}, data={"password": "eA=="})
    secret = {"kind": "Secret", "stringData": {"password": "hidden"}}
    assert suspected(secret, found) == []
    inside = {"f:data": {"f:password": {}}}
    found["metadata"]["managedFields"].append({"manager": "kubectl", "fieldsV1": inside})
    assert suspected(secret, found) == ["stringData.password"]


def test_the_server_s_own_fields_are_no_difference() -> None:
    one = {"metadata": {"resourceVersion": "1", "labels": {"a": "1"}}, "status": {"ready": True}}
    other = {"metadata": {"resourceVersion": "2", "labels": {}}, "status": {}}
    assert list(compared(one, other)) == [(("metadata", "labels", "a"), "1", ABSENT)]


def test_what_others_added_is_told_with_its_manager_but_not_what_controllers_did() -> None:
    fields = {"f:metadata": {"f:labels": {"f:ours": {}, "f:theirs": {}}, "f:finalizers": {}}}
    declared = {"metadata": {"name": "x", "labels": {"ours": "1"}}}
    found = live("kubectl-edit", fields)
    found["metadata"] |= {"labels": {"ours": "1", "theirs": "2"}, "finalizers": ["f"]}
    path = ("metadata", "labels", "theirs")
    assert list(foreign(declared, found, {"sluice"})) == [(path, "kubectl-edit")]
    assert owner(found, path) == "kubectl-edit"
    found["metadata"]["managedFields"][0]["manager"] = "kube-controller-manager"
    assert list(foreign(declared, found, {"sluice"})) == []


def test_an_ignore_rule_covers_a_field_and_what_is_below_it() -> None:
    rule = Ignore(paths=["/metadata/annotations/example.org~1note", "/spec/a/0"], kind="Deployment")
    assert rule.covers(("metadata", "annotations", "example.org/note"))
    assert rule.covers(("spec", "a", 0, "b"))
    assert not rule.covers(("spec", "a"))
    assert rule.ignore_changes() == ['metadata.annotations["example.org/note"]', "spec.a[0]"]
    assert rule.matches("Deployment", "web")
    assert not rule.matches("Service", "web")
    assert Ignore.of(rule.as_dict()).paths == rule.paths


@pytest.mark.parametrize("path", ["spec.replicas", "", "/"])
def test_a_path_that_is_no_pointer_is_refused_where_it_is_written(path: str) -> None:
    with pytest.raises(
        DeclarationError, match=r"test_drift.py:\d+: Ignore: paths: .*no JSON pointer"
    ):
        Ignore(paths=[path])
