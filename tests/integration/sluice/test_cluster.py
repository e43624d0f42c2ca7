from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster

if TYPE_CHECKING:
    from conftest import ClusterAccess


@pytest.fixture
def api(cluster: ClusterAccess) -> Cluster:
    return Cluster(cluster.context, str(cluster.kubeconfig))


def settings(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": {"test": name}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_what_is_applied_can_be_listed_and_read(api: Cluster) -> None:
    api.apply(settings("read", color="red"))
    (listed,) = api.list("v1", "ConfigMap", namespace="default", labels="test=read")
    assert listed["data"] == {"color": "red"}
    assert listed == api.get("v1", "ConfigMap", "default", "read")
    assert api.get("v1", "ConfigMap", "default", "missing") is None
    assert any(each["metadata"]["name"] == "default" for each in api.list("v1", "Namespace"))


def test_a_dry_run_changes_nothing(api: Cluster) -> None:
    tried, warnings = api.dry_run(settings("dry"))
    assert (tried["metadata"]["name"], warnings) == ("dry", ())
    assert api.get("v1", "ConfigMap", "default", "dry") is None


def test_a_conflict_is_refused_unless_it_is_forced(api: Cluster) -> None:
    api.apply(settings("contested", color="red"), manager="somebody")
    with pytest.raises(ApiError, match="conflict") as refused:
        api.apply(settings("contested", color="blue"), force=False)
    assert refused.value.status == 409
    assert api.apply(settings("contested", color="blue"))["data"] == {"color": "blue"}


def test_a_kind_that_is_not_served_has_no_objects_and_takes_none(api: Cluster) -> None:
    unknown = {"apiVersion": "example.org/v1", "kind": "Unknown", "metadata": {"name": "u"}}
    assert api.list("example.org/v1", "Unknown") == []
    with pytest.raises(ApiError, match=r"serves no example\.org/v1 Unknown"):
        api.apply(unknown)


def test_changes_are_watched_from_a_list_on(api: Cluster) -> None:
    _, version = api.listed("v1", "ConfigMap", namespace="default")
    api.apply(settings("watched", color="red"))
    events = api.watch("v1", "ConfigMap", namespace="default", since=version, seconds=20)
    changed = next(live for event, live in events if event == "ADDED")
    assert changed["metadata"]["name"] == "watched"


def test_it_says_what_it_is_and_what_we_may_do(api: Cluster) -> None:
    assert api.version().startswith("v1.")
    assert api.allowed("patch", "apps", "deployments", "default")


def test_a_user_may_sign_in_through_a_program(cluster: ClusterAccess, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    (user,) = (each["user"] for each in config["users"] if each["name"] == cluster.context)
    status = {
        name: base64.b64decode(user[key]).decode()
        for name, key in (
            ("clientCertificateData", "client-certificate-data"),
            ("clientKeyData", "client-key-data"),
        )
    }
    (tmp_path / "answer").write_text(json.dumps({"status": status}))
    api_version = "client.authentication.k8s.io/v1"
    user.clear()
    user["exec"] = {
        "apiVersion": api_version,
        "command": "cat",
        "args": [str(tmp_path / "answer")],
        "interactiveMode": "Never",
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    assert Cluster(cluster.context, str(tmp_path / "config")).list("v1", "Namespace")


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = {
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "me"}}],
        "clusters": [{"name": "gone", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "me", "user": {}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    with pytest.raises(ApiError, match=r"context gone: the cluster cannot be asked: .*refused"):
        Cluster("gone", str(tmp_path / "config")).version()
