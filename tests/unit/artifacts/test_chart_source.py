from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.artifacts.chart_source import ChartSource, RemoteCharts
from components.artifacts.mirrors import Mirrors

if TYPE_CHECKING:
    from components.artifacts.transport import Transport


def test_a_source_is_opened_by_its_scheme(server: Any, transport: Transport) -> None:
    server.serve_chart("/stable", "redis", "1.0.0")
    server.push("charts/redis", "2.0.0", b"redis")
    charts: ChartSource = RemoteCharts(transport=transport)
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
