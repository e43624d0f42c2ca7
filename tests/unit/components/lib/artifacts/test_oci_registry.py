from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.oci_registry import OCIRegistry
from components.lib.registry.mirrors import Mirrors

if TYPE_CHECKING:
    from components.lib.registry.transport import Transport

UPSTREAM = "oci://registry.example.com/charts"


@pytest.fixture
def registry(server: Any, transport: Transport) -> OCIRegistry:
    """The upstream's mirror, with redis in five versions."""
    for tag in ("1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.0.1_b1"):
        server.push("copy/redis", tag, f"redis {tag}".encode())
    mirrors = Mirrors({UPSTREAM: f"oci://{server.host}/copy"})
    return OCIRegistry(mirrors.address(UPSTREAM), transport)


def test_tags_are_versions_with_a_plus_for_the_underscore(registry: OCIRegistry) -> None:
    assert registry.versions("redis") == ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.0.1+b1"]
    assert registry.download("redis", "2.0.1+b1") == b"redis 2.0.1_b1"


def test_tags_are_read_page_by_page(registry: OCIRegistry, server: Any) -> None:
    server.page_size = 2
    assert len(registry.versions("redis")) == 5
    assert server.requests == [
        "/v2/copy/redis/tags/list?n=1000",
        "/v2/copy/redis/tags/list?last=2",
        "/v2/copy/redis/tags/list?last=4",
    ]


@pytest.mark.parametrize("link", ["http://proxied.example.com/v2/copy/redis/tags/list?last=4", ""])
def test_a_next_page_is_asked_for_at_the_same_place(
    registry: OCIRegistry, server: Any, busy: Any, link: str
) -> None:
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    first = type(busy)(b'{"tags": ["0.1.0"]}', headers=headers)
    server.next_answers("/v2/copy/redis/tags/list", first)
    assert registry.versions("redis") == (["0.1.0", "2.0.1+b1"] if link else ["0.1.0"])


def test_pages_that_go_in_a_circle_end(registry: OCIRegistry, server: Any, busy: Any) -> None:
    page = type(busy)(b'{"tags": ["0.1.0"]}', headers={"Link": '<list?n=1000>; rel="next"'})
    server.next_answers("/v2/copy/redis/tags/list", page, page)
    assert registry.versions("redis") == ["0.1.0"]


def test_the_digest_is_the_chart_layers(registry: OCIRegistry, server: Any) -> None:
    digest = server.push("copy/gitea", "1.0.0", b"gitea")
    assert registry.digest("gitea", "1.0.0") == digest
    assert server.requests == ["/v2/copy/gitea/manifests/1.0.0"]


def test_a_token_is_fetched_once_a_chart(registry: OCIRegistry, server: Any) -> None:
    server.token = "anonymous"  # noqa: S105 - made up
    assert registry.download("redis", "1.0.0") == b"redis 1.0.0"
    assert [path.partition("?")[0] for path in server.requests] == [
        "/v2/copy/redis/manifests/1.0.0",
        "/token",
        "/v2/copy/redis/manifests/1.0.0",
        server.requests[-1],
    ]
    assert server.scope == "repository:copy/redis:pull"


def test_an_expired_token_is_replaced(registry: OCIRegistry, server: Any) -> None:
    server.token = "first"  # noqa: S105 - made up
    registry.versions("redis")
    server.token = "second"  # noqa: S105 - made up
    assert registry.download("redis", "1.0.0") == b"redis 1.0.0"


def test_a_private_chart_is_said_to_be_denied(
    registry: OCIRegistry, server: Any, busy: Any
) -> None:
    server.next_answers("/v2/copy/redis/tags/list", type(busy)(status=403))
    with pytest.raises(
        ArtifactError,
        match=r"denies anonymous access to copy/redis \(HTTP 403\)",
    ):
        registry.versions("redis")


def test_a_missing_chart_is_named(registry: OCIRegistry) -> None:
    with pytest.raises(ArtifactError) as refusal:
        registry.versions("rediss")
    assert f"The repository {UPSTREAM} (by its mirror oci://127.0.0.1:" in str(refusal.value)
    assert "has no chart 'rediss'" in str(refusal.value)


def test_a_missing_version_is_named_with_those_around_it(registry: OCIRegistry) -> None:
    with pytest.raises(ArtifactError) as refusal:
        registry.download("redis", "1.1.7")
    assert str(refusal.value).endswith(
        "has no version '1.1.7' of the chart 'redis'; the nearest are 2.0.0, 1.2.0, 1.1.0, 1.0.0.",
    )


def test_an_image_is_not_a_chart(registry: OCIRegistry, server: Any) -> None:
    server.push("copy/nginx", "1.0.0", b"", "application/vnd.oci.image.layer.v1.tar+gzip")
    with pytest.raises(ArtifactError, match=r"nginx 1\.0\.0 in the registry .* is not a Helm"):
        registry.download("nginx", "1.0.0")


def test_an_answer_that_is_no_json_is_said(registry: OCIRegistry, server: Any, busy: Any) -> None:
    server.next_answers("/v2/copy/redis/tags/list", type(busy)(b"<html>"))
    with pytest.raises(ArtifactError, match="cannot be read: no JSON object from"):
        registry.versions("redis")


def test_a_registry_that_hangs_is_named(server: Any, impatient: Transport, hanging: Any) -> None:
    mirrors = Mirrors({UPSTREAM: f"oci://{server.host}/copy"})
    registry = OCIRegistry(mirrors.address(UPSTREAM), impatient)
    server.next_answers("/v2/copy/redis/tags/list", hanging, hanging)
    with pytest.raises(ArtifactError, match=r"cannot be read: no answer within 0\.2 s from http"):
        registry.versions("redis")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("oci://127.0.0.1:5000/charts", "http://127.0.0.1:5000"),
        ("oci://localhost/charts", "http://localhost"),
        ("oci://registry.example.com:5000/charts", "https://registry.example.com:5000"),
        ("oci://docker.io/charts", "https://registry-1.docker.io"),
    ],
)
def test_plain_http_is_for_loopback_only(transport: Transport, url: str, origin: str) -> None:
    assert OCIRegistry(Mirrors().address(url), transport)._client._origin == origin
