from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.connection import FORBIDDEN
from sluice.kubernetes.helm_records import ReleaseRecord, deployed_manifests, records

SETTINGS = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}'


class Helms(Cluster):
    """A cluster with Helm's records of releases whose Secrets may not be read in `hidden`."""

    more: Sequence[dict[str, Any]] = ()

    def __init__(self, *releases: str) -> None:
        super().__init__("test")
        self._releases = releases

    def list(self, _api_version: str, _kind: str, *, namespace: str = "", labels: str = "") -> Any:
        assert labels == "owner=helm,status in (deployed,failed)"
        if namespace in ("", "hidden"):
            raise ApiError("secrets is forbidden", status=FORBIDDEN)
        found = (release.split("/") for release in self._releases)
        return [*(secret(*place) for place in found if place[0] == namespace), *self.more]

    def serves(self, _api_version: str, _kind: str) -> bool:
        return True

    def namespaced(self, _api_version: str, _kind: str) -> bool:
        return True


def secret(
    namespace: str,
    name: str,
    *,
    status: str = "deployed",
    version: str = "1",
    manifest: str = SETTINGS,
) -> dict[str, Any]:
    packed = gzip.compress(json.dumps({"manifest": manifest}).encode())
    release = base64.b64encode(base64.b64encode(packed)).decode()
    labels = {"name": name, "status": status, "version": version}
    metadata = {"namespace": namespace, "labels": labels}
    return {"metadata": metadata, "data": {"release": release}}


def test_a_record_has_the_objects_of_its_release_with_their_namespace() -> None:
    found, hidden = records(Helms("web/shop", "web/another"), {"web/shop": "shop"})
    placed = {**json.loads(SETTINGS), "metadata": {"namespace": "web", "name": "settings"}}
    assert (found, hidden) == ({"web/shop": ReleaseRecord("shop", [placed])}, {})


def test_a_record_that_may_not_be_read_is_named_with_the_reason() -> None:
    found, hidden = records(Helms("web/shop"), {"web/shop": "shop", "hidden/db": "db"})
    assert (list(found), hidden) == (["web/shop"], {"hidden/db": "secrets is forbidden"})


def test_manifests_are_given_as_helm_has_them() -> None:
    assert list(deployed_manifests(Helms("web/shop"), {"web/shop"})) == [("web/shop", SETTINGS)]


def test_what_is_deployed_goes_before_what_failed_after_it_and_the_newest_before_the_rest() -> None:
    cluster = Helms("web/shop")
    cluster.more = [
        secret("web", "shop", status="failed", version="2", manifest="failed"),
        secret("web", "new", status="failed", version="9", manifest="older"),
        secret("web", "new", status="failed", version="10", manifest="newer"),
    ]
    found = dict(deployed_manifests(cluster, {"web/shop", "web/new"}))
    assert found == {"web/shop": SETTINGS, "web/new": "newer"}
