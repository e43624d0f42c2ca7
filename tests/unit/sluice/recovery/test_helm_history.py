"""What each word of Helm's means for the next upgrade, and what is done to the records."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.helm_records import HelmRecord, history
from sluice.recovery.helm_history import is_held, is_ready, make_ready

MINUTE = timedelta(minutes=1)
KILLED = "the process that ran this was killed"
OWNED = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}


class Records(Cluster):
    """A cluster with the records of one release, and objects."""

    def __init__(self, *words: str, live: Sequence[dict[str, Any]] = (), **manifests: str) -> None:
        super().__init__("test")
        self._live = live
        self.secrets = {
            f"v{number}": _secret(number, word, manifests.get(f"v{number}", ""))
            for number, word in enumerate(words, 1)
        }
        self.connection = self  # type: ignore[assignment]
        self.discovery = self  # type: ignore[assignment]

    def list(self, _api_version: str, _kind: str, *, namespace: str = "", labels: str = "") -> Any:
        assert (namespace, labels) == ("shop", "owner=helm,name=web")
        return list(self.secrets.values())

    def get(self, _api_version: str, kind: str, namespace: str, name: str) -> Any:
        assert namespace == "shop"
        wanted = (kind, name)
        found = (each for each in self._live if (each["kind"], each["metadata"]["name"]) == wanted)
        return next(found, None)

    def patch(self, _api: str, _kind: str, _namespace: str, name: str, patch: Any) -> Any:
        labels = self.secrets[name]["metadata"]["labels"] | patch["metadata"]["labels"]
        self.secrets[name]["metadata"]["labels"] = labels
        self.secrets[name]["data"] = patch["data"]

    def path(self, _api: str, _kind: str, _namespace: str, name: str) -> str:
        return name

    def ask(self, method: str, path: str) -> None:
        assert method == "DELETE"
        del self.secrets[path]

    def serves(self, _api_version: str, _kind: str) -> bool:
        return True

    def namespaced(self, _api_version: str, _kind: str) -> bool:
        return True

    @property
    def records(self) -> list[HelmRecord]:
        return history(self, "shop/web")

    @property
    def words(self) -> list[str]:
        found = [(each["metadata"]["labels"]["status"]) for each in self.secrets.values()]
        assert found == [each.status for each in self.records]
        return found

    def objects(self) -> dict[str, Any]:
        """The objects of the newest record by their names."""
        found = yaml.safe_load_all(self.records[-1].manifest)
        return {each["metadata"]["name"]: each for each in found if each}


def _secret(number: int, word: str, manifest: str) -> dict[str, Any]:
    status, _, description = word.partition(": ")
    info = {"status": status, "description": description, "last_deployed": _ago(MINUTE * 0)}
    metadata = {"name": "web", "version": "1.0.0"}
    content = {"info": info, "manifest": manifest, "chart": {"metadata": metadata}}
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode()))
    labels = {"version": str(number), "status": status}
    place = {"name": f"v{number}", "namespace": "shop", "labels": labels}
    return {"metadata": place, "data": {"release": base64.b64encode(packed).decode()}}


def _ago(time: timedelta) -> str:
    return (datetime.now(UTC) - time).isoformat()


def config_map(name: str, annotations: Mapping[str, str] | None = None, **data: str) -> Any:
    metadata: dict[str, Any] = {"name": name}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def box(size: int, **more: int) -> Any:
    spec = {"size": size, **more}
    return {
        "apiVersion": "example.com/v1",
        "kind": "Box",
        "metadata": {"name": "box"},
        "spec": spec,
    }


def as_yaml(*objects: Any) -> str:
    return yaml.safe_dump_all(objects)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["pending-install"], ["failed"]),
        (["deployed", "pending-upgrade"], ["superseded", "failed"]),
        (["deployed", "failed", "pending-rollback"], ["superseded", "failed", "failed"]),
        (["superseded", "failed", "pending-rollback"], ["superseded", "failed", "failed"]),
        # Killed again and again: what was killed before is in the newest, and goes.
        (["deployed", f"failed: {KILLED}", "pending-upgrade"], ["superseded", "failed"]),
        # Marked as failed, and no more, by another; or killed in the middle of this.
        (["deployed", "failed: Release unlocked from stale"], ["superseded", "failed"]),
        (["superseded", "pending-upgrade"], ["superseded", "failed"]),
        # Helm says superseded of a revision whose rollback failed; it never was good.
        (["deployed", "superseded", "pending-upgrade"], ["superseded", "failed", "failed"]),
        # What was uninstalled was good.
        (["superseded", "uninstalling"], ["superseded", "superseded"]),
        (["uninstalled"], ["superseded"]),
    ],
)
def test_what_was_killed_is_made_ready_for_an_upgrade(before: list[str], after: list[str]) -> None:
    cluster = Records(*before)
    assert not is_ready(cluster.records)
    make_ready(cluster.records)
    assert cluster.words == after
    assert is_ready(cluster.records)


@pytest.mark.parametrize(
    "words",
    [
        ["deployed"],
        ["superseded", "deployed"],
        ["failed: the chart is broken"],
        ["deployed", "failed: not ready in time"],
        ["superseded", f"failed: {KILLED}"],
        ["superseded", f"failed: {KILLED}", "deployed"],
    ],
)
def test_what_helm_goes_on_with_by_itself_is_left_alone(words: list[str]) -> None:
    assert is_ready(Records(*words).records)


def test_an_upgrade_merges_from_all_that_either_revision_had() -> None:
    cluster = Records(
        *("deployed", "pending-upgrade"),
        live=[config_map("new", OWNED)],
        v1=as_yaml(config_map("web", a="1", gone="1"), config_map("old")),
        v2=as_yaml(config_map("web", a="2", new="2"), config_map("new")),
    )
    make_ready(cluster.records)
    found = cluster.objects()
    assert sorted(found) == ["new", "old", "web"]
    assert found["web"]["data"] == {"a": "2", "gone": "1", "new": "2"}


def test_what_was_never_made_or_is_anothers_is_not_the_releases() -> None:
    others = {**OWNED, "meta.helm.sh/release-name": "another"}
    cluster = Records(
        *("deployed", "pending-upgrade"),
        live=[config_map("others", others)],
        v1=as_yaml(config_map("web")),
        v2=as_yaml(config_map("web"), config_map("others"), config_map("never-made")),
    )
    make_ready(cluster.records)
    assert sorted(cluster.objects()) == ["web"]


def test_of_a_kind_that_helm_does_not_know_it_is_told_what_is_live() -> None:
    cluster = Records(
        *("deployed", "pending-upgrade"),
        live=[{**box(1, by_hand=7), "status": {}}],
        v1=as_yaml(box(1)),
        v2=as_yaml(box(2, depth=2)),
    )
    make_ready(cluster.records)
    assert cluster.objects()["box"]["spec"] == {"size": 1}


@pytest.mark.parametrize(
    ("writer", "ago", "held"),
    [
        ("pulumi-kubernetes", MINUTE * 0, False),
        ("Helm", MINUTE * 1, True),
        ("helm-controller", MINUTE * 3, False),
    ],
)
def test_another_helm_holds_a_release_for_a_while_and_our_own_does_not(
    writer: str, ago: timedelta, held: bool
) -> None:
    cluster = Records("pending-upgrade")
    secret = cluster.secrets["v1"]
    # In one second, and in whichever order.
    moment = "2026-01-01T00:00:00Z"
    label = {"f:metadata": {"f:labels": {"f:owner": {}}}}
    secret["metadata"]["managedFields"] = [
        {"manager": writer, "time": moment, "fieldsV1": {"f:data": {"f:release": {}}}},
        {"manager": "somebody", "time": moment, "fieldsV1": label},
    ]
    (record,) = cluster.records
    began = record._content["info"]
    began["last_deployed"] = _ago(ago)
    assert is_held(record, MINUTE) is held
