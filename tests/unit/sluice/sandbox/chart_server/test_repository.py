from __future__ import annotations

import hashlib
import json
import threading
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from sluice.sandbox.chart_server.repository import mirrors, publish
from sluice.sandbox.chart_server.server import ChartServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    publish(folder)
    return folder


@pytest.fixture(scope="module")
def server(published: Path) -> Iterator[str]:
    with ChartServer(published, 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_publishing_again_changes_no_file(published: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in published.rglob("*")}
    publish(published)
    assert {path: path.stat().st_mtime_ns for path in published.rglob("*")} == before


def test_an_index_names_each_archive_and_its_digest(published: Path) -> None:
    index = yaml.safe_load((published / "bitnami" / "index.yaml").read_text())
    versions = [entry["version"] for entry in index["entries"]["postgresql"]]
    assert versions == ["13.4.4", "12.12.10", "12.1.9"]
    for entry in index["entries"]["redis"]:
        archive = (published / "bitnami" / entry["urls"][0]).read_bytes()
        assert entry["digest"] == hashlib.sha256(archive).hexdigest()


def test_the_tags_are_the_versions(server: str) -> None:
    body, _ = _get(f"{server}/v2/bitnami/redis/tags/list")
    assert json.loads(body) == {
        "name": "bitnami/redis",
        "tags": ["18.19.4", "19.5.0", "19.6.4", "20.1.0"],
    }


def test_a_manifest_leads_to_the_archive_of_the_classic_repository(server: str) -> None:
    body, headers = _get(f"{server}/v2/gitea/gitea/manifests/12.0.0")
    assert headers["Content-Type"] == MANIFEST
    manifest = json.loads(body)
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"
    layer = manifest["layers"][0]
    assert layer["mediaType"] == "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
    archive, _ = _get(f"{server}/v2/gitea/gitea/blobs/{layer['digest']}")
    assert archive == _get(f"{server}/gitea/gitea-12.0.0.tgz")[0]
    assert len(archive) == layer["size"]


def test_a_manifest_is_found_by_its_digest(server: str) -> None:
    body, headers = _get(f"{server}/v2/kedacore/keda/manifests/2.16.1")
    digest = headers["Docker-Content-Digest"]
    assert digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert _get(f"{server}/v2/kedacore/keda/manifests/{digest}")[0] == body


def test_head_answers_with_the_headers_alone(server: str) -> None:
    url = f"{server}/v2/kedacore/keda/manifests/2.16.1"
    body, headers = _get(url)
    nothing, same = _get(url, method="HEAD")
    assert nothing == b""
    assert same["Content-Length"] == str(len(body))
    assert same["Docker-Content-Digest"] == headers["Docker-Content-Digest"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/bitnami/redis/manifests/0.0.1",
        "/bitnami/",
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
    ],
)
def test_nothing_else_is_served(server: str, path: str) -> None:
    connection = HTTPConnection(server.removeprefix("http://"), timeout=5)
    with closing(connection):
        connection.request("GET", path)  # as it is: other clients tidy the path up
        answer = connection.getresponse()
        assert answer.status == 404
        message = json.load(answer)["errors"][0]["message"]
    assert message.startswith("nothing is published at")


def test_each_upstream_repository_has_a_mirror_by_its_own_protocol() -> None:
    assert mirrors("127.0.0.1:5000") == {
        "https://charts.bitnami.com/bitnami": "http://127.0.0.1:5000/bitnami",
        "https://dl.gitea.com/charts": "http://127.0.0.1:5000/gitea",
        "https://kedacore.github.io/charts": "http://127.0.0.1:5000/kedacore",
        "https://prometheus-community.github.io/helm-charts": (
            "http://127.0.0.1:5000/prometheus-community"
        ),
        "oci://registry-1.docker.io/bitnamicharts": "oci://127.0.0.1:5000/bitnami",
    }


def _get(url: str, method: str = "GET") -> tuple[bytes, Mapping[str, str]]:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.send(requests.Request(method, url).prepare(), timeout=5)
    answer.raise_for_status()
    return answer.content, answer.headers
