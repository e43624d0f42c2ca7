from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.chart_repository import ChartRepository
from components.lib.registry.mirrors import Mirrors

if TYPE_CHECKING:
    from components.lib.registry.transport import Transport

UPSTREAM = "https://charts.example.com/stable"


@pytest.fixture
def repository(server: Any, transport: Transport) -> ChartRepository:
    """The upstream's mirror, with postgresql in three versions."""
    server.serve_chart("/stable", "postgresql", "12.1.9", "12.12.10", "13.0.0")
    return opened(transport, Mirrors({UPSTREAM: f"{server.url}/stable"}))


def opened(transport: Transport, mirrors: Mirrors, url: str = UPSTREAM) -> ChartRepository:
    return ChartRepository(mirrors.address(url), mirrors, transport)


def test_versions_and_archives_are_found_by_the_index(
    repository: ChartRepository, server: Any
) -> None:
    assert repository.versions("postgresql") == ["12.1.9", "12.12.10", "13.0.0"]
    assert repository.download("postgresql", "12.1.9") == b"postgresql-12.1.9.tgz"
    assert server.requests == ["/stable/index.yaml", "/stable/postgresql-12.1.9.tgz"]


def test_the_digest_is_the_archives_own(repository: ChartRepository) -> None:
    expected = hashlib.sha256(b"postgresql-13.0.0.tgz").hexdigest()
    assert repository.digest("postgresql", "13.0.0") == f"sha256:{expected}"


@pytest.mark.parametrize(
    "url",
    [
        "redis.tgz",
        "./redis.tgz",
        "/stable/redis.tgz",
        f"{UPSTREAM}/redis.tgz",
        "{server}/stable/redis.tgz",
    ],
)
def test_an_archives_url_may_be_relative_upstream_or_elsewhere(
    server: Any, transport: Transport, url: str
) -> None:
    server.files["/stable/redis.tgz"] = b"redis"
    entry = {"version": "1.0.0", "urls": [url.replace("{server}", server.url)]}
    server.serve_index("/stable", {"redis": [entry]})
    mirrored = opened(transport, Mirrors({UPSTREAM: f"{server.url}/stable"}))
    assert mirrored.download("redis", "1.0.0") == b"redis"


def test_an_index_may_lead_to_a_registry(server: Any, transport: Transport) -> None:
    server.push("charts/redis", "1.0.0", b"redis")
    entry = {"version": "1.0.0", "urls": ["oci://registry.example.com/charts/redis:1.0.0"]}
    server.serve_index("/stable", {"redis": [entry]})
    mirrors = {
        UPSTREAM: f"{server.url}/stable",
        "oci://registry.example.com": f"oci://{server.host}",
    }
    assert opened(transport, Mirrors(mirrors)).download("redis", "1.0.0") == b"redis"


def test_an_index_may_be_json(server: Any, transport: Transport) -> None:
    index = {"entries": {"redis": [{"version": "1.0.0", "urls": ["redis.tgz"]}]}}
    server.files["/index.yaml"] = json.dumps(index).encode()
    assert opened(transport, Mirrors(), server.url).versions("redis") == ["1.0.0"]


def test_the_index_may_say_the_digest_and_must_then_be_right(
    server: Any, transport: Transport
) -> None:
    server.files["/redis.tgz"] = b"redis"
    right = hashlib.sha256(b"redis").hexdigest()
    entries = [
        {"version": "1.0.0", "urls": ["redis.tgz"], "digest": right},
        {"version": "2.0.0", "urls": ["redis.tgz"], "digest": "0" * 64},
    ]
    server.serve_index("", {"redis": entries})
    repository = opened(transport, Mirrors(), server.url)
    assert repository.digest("redis", "1.0.0") == f"sha256:{right}"
    with pytest.raises(ArtifactError) as refusal:
        repository.digest("redis", "2.0.0")
    assert f"is sha256:{right}, but its index says sha256:{'0' * 64}" in str(refusal.value)


def test_a_missing_chart_is_named_with_those_like_it(repository: ChartRepository) -> None:
    with pytest.raises(ArtifactError) as refusal:
        repository.versions("postgres")
    assert str(refusal.value).startswith(f"The repository {UPSTREAM} (by its mirror http://127.0")
    assert str(refusal.value).endswith("no chart 'postgres'; did you mean postgresql?")


def test_a_missing_version_is_named_with_those_around_it(repository: ChartRepository) -> None:
    with pytest.raises(ArtifactError) as refusal:
        repository.download("postgresql", "12.12.11")
    assert "no version '12.12.11' of the chart 'postgresql'" in str(refusal.value)
    assert str(refusal.value).endswith("the nearest are 13.0.0, 12.12.10, 12.1.9.")


@pytest.mark.parametrize(
    ("index", "complaint"),
    [
        (b"<html>Welcome</html>", "is not a chart index: it has no entries"),
        (b"entries: [redis]", "is not a chart index: it has no entries"),
        (b"entries: {", "is not a chart index: "),
        (b"{", "is not a chart index: "),
        (b"entries:\n", "has no chart 'redis'"),
    ],
)
def test_what_is_no_index_is_said(
    server: Any, transport: Transport, index: bytes, complaint: str
) -> None:
    server.files["/index.yaml"] = index
    with pytest.raises(ArtifactError) as refusal:
        opened(transport, Mirrors(), server.url).versions("redis")
    assert complaint in str(refusal.value)


def test_broken_entries_of_an_index_are_left_out(server: Any, transport: Transport) -> None:
    server.serve_index("", {"redis": [{"name": "redis"}, {"version": "1.0.0", "urls": None}]})  # type: ignore[dict-item]
    repository = opened(transport, Mirrors(), server.url)
    assert repository.versions("redis") == ["1.0.0"]
    with pytest.raises(ArtifactError, match=r"names no URL for the chart redis 1\.0\.0"):
        repository.download("redis", "1.0.0")


@pytest.mark.parametrize("url", ["http://[::1/redis.tgz", "file:///redis.tgz"])
def test_an_archives_url_that_is_none_is_said(server: Any, transport: Transport, url: str) -> None:
    server.serve_index("", {"redis": [{"version": "1.0.0", "urls": [url]}]})
    with pytest.raises(ArtifactError, match="cannot be read"):
        opened(transport, Mirrors(), server.url).download("redis", "1.0.0")


def test_an_archive_that_is_gone_is_said(repository: ChartRepository, server: Any) -> None:
    del server.files["/stable/postgresql-13.0.0.tgz"]
    with pytest.raises(ArtifactError, match=r"HTTP 404 from http://.*/postgresql-13\.0\.0\.tgz"):
        repository.download("postgresql", "13.0.0")


def test_an_unreachable_repository_is_named_with_its_mirror(
    transport: Transport, closed_port: int
) -> None:
    mirrors = Mirrors({UPSTREAM: f"http://127.0.0.1:{closed_port}"})
    with pytest.raises(ArtifactError) as refusal:
        opened(transport, mirrors).versions("redis")
    assert str(refusal.value) == (
        f"The repository {UPSTREAM} (by its mirror http://127.0.0.1:{closed_port}) cannot be read:"
        f" Connection refused from http://127.0.0.1:{closed_port}/index.yaml; check the URL, the"
        " network and the mirrors."
    )
