from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.chart_source import RemoteCharts
from components.lib.locks.locked_chart import ChartRequest
from components.lib.registry.access import Access
from components.lib.registry.mirrors import Mirrors
from components.lib.signatures.cosign import CosignVerification
from components.lib.signatures.verification import trusted

if TYPE_CHECKING:
    from components.lib.registry.transport import Transport


def test_a_source_is_opened_by_its_scheme(server: Any, transport: Transport) -> None:
    server.serve_chart("/stable", "redis", "1.0.0")
    server.push("charts/redis", "2.0.0", b"redis")
    charts = RemoteCharts(transport=transport)
    assert charts.versions(f"{server.url}/stable", "redis") == ["1.0.0"]
    assert charts.versions(f"oci://{server.host}/charts", "redis") == ["2.0.0"]


def test_a_mirror_may_turn_a_repository_into_a_registry(server: Any, transport: Transport) -> None:
    digest = server.push("charts/redis", "2.0.0", b"redis")
    mirrors = Mirrors({"https://charts.example.com": f"oci://{server.host}/charts"})
    charts = RemoteCharts(mirrors, transport)
    assert charts.digest("https://charts.example.com", "redis", "2.0.0") == digest


def test_an_index_is_read_once(server: Any, transport: Transport) -> None:
    server.serve_chart("/stable", "redis", "1.0.0", "2.0.0")
    charts = RemoteCharts(transport=transport)
    for version in charts.versions(f"{server.url}/stable", "redis"):
        charts.download(f"{server.url}/stable", "redis", version)
    assert server.requests.count("/stable/index.yaml") == 1


def test_a_version_written_exactly_goes_before_the_range_it_also_is(
    server: Any, transport: Transport
) -> None:
    server.serve_chart("/stable", "redis", "18.0", "18.0.7", "19.0.0")
    charts = RemoteCharts(transport=transport)
    for range_, version in (("18.0", "18.0"), ("18.x", "18.0.7"), ("*", "19.0.0")):
        request = ChartRequest(
            name="redis", source=f"{server.url}/stable", chart="redis", range=range_
        )
        assert charts.newest(request, None).version == version


def test_a_range_that_nothing_satisfies_names_what_there_is(
    server: Any, transport: Transport
) -> None:
    server.serve_chart("/stable", "redis", "17.0.0", "18.0.0", "18.2.0", "19.0.0")
    source = f"{server.url}/stable"
    request = ChartRequest(name="redis", source=source, chart="redis", range="20.x")
    with pytest.raises(ArtifactError) as refusal:
        RemoteCharts(transport=transport).newest(request, None)
    assert str(refusal.value) == (
        f"The repository {source} has no version '20.x' of the chart 'redis';"
        " the nearest are 19.0.0, 18.2.0, 18.0.0, 17.0.0."
    )


ROBOT = Access(username="robot", password="s3cret")  # noqa: S106 - no server's


def test_a_password_opens_a_repository_and_stays_with_its_host(
    server: Any, transport: Transport
) -> None:
    server.protected, server.password = "/stable", "s3cret"
    elsewhere = f"http://localhost:{server.server_port}/redis-1.0.0.tgz"
    server.serve_index("/stable", {"redis": [{"version": "1.0.0", "urls": [elsewhere]}]})
    server.files["/redis-1.0.0.tgz"] = b"redis"
    source = f"{server.url}/stable"

    with pytest.raises(ArtifactError, match=r"denies access to .* \(HTTP 401\); give it"):
        RemoteCharts(transport=transport).versions(source, "redis")
    charts = RemoteCharts(transport=transport)
    assert charts.versions(source, "redis", ROBOT) == ["1.0.0"]

    server.authorizations.clear()
    charts.download(source, "redis", "1.0.0", ROBOT)
    assert server.authorizations == [""]


def test_a_password_opens_a_registry_and_is_not_shown_to_a_mirror(
    server: Any, transport: Transport
) -> None:
    server.password = "s3cret"  # noqa: S105 - no server's
    server.push("charts/redis", "1.0.0", b"redis")
    source = f"oci://{server.host}/charts"
    assert RemoteCharts(transport=transport).versions(source, "redis", ROBOT) == ["1.0.0"]

    wrong = Access(username="robot", password="wrong")  # noqa: S106 - no server's
    with pytest.raises(ArtifactError, match=r"correct the source's username and secret"):
        RemoteCharts(transport=transport).versions(source, "redis", wrong)

    mirrors = Mirrors({"oci://registry.example.com": f"oci://{server.host}"})
    server.authorizations.clear()
    with pytest.raises(ArtifactError, match="401"):
        RemoteCharts(mirrors, transport).versions(
            "oci://registry.example.com/charts", "redis", ROBOT
        )
    assert set(server.authorizations) == {""}


def test_a_chart_that_is_to_be_signed_comes_from_a_registry(
    server: Any, transport: Transport, tmp_path: Path
) -> None:
    server.serve_chart("/stable", "redis", "1.0.0")
    (tmp_path / "cosign.pub").touch()
    request = ChartRequest(
        name="redis",
        source="oci://registry.example.com/charts",
        chart="redis",
        range="*",
        verify=trusted(CosignVerification(key="cosign.pub"), tmp_path),
    )
    mirrors = Mirrors({"oci://registry.example.com/charts": f"{server.url}/stable"})
    with pytest.raises(ArtifactError, match=r"^redis 1\.0\.0 is to be verified, and its mirror is"):
        RemoteCharts(mirrors, transport).newest(request, None)
