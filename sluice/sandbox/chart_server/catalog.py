"""The charts that the sandbox publishes, and in which versions.

Each stands in for the upstream chart of the same name and version: the same
kinds of objects under the same value names, small enough to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CATALOG", "CHARTS", "UPSTREAM", "PublishedChart"]

CHARTS = Path(__file__).with_name("charts")


@dataclass(frozen=True)
class PublishedChart:
    """A chart of a repository: the app version of each chart version."""

    repository: str
    name: str
    versions: Mapping[str, str]


CATALOG = (
    PublishedChart(
        "bitnami",
        "postgresql",
        {"12.1.9": "15.1.0", "12.12.10": "15.4.0", "13.4.4": "16.2.0"},
    ),
    PublishedChart(
        "bitnami",
        "redis",
        {"18.19.4": "7.2.4", "19.5.0": "7.2.5", "19.6.4": "7.2.5", "20.1.0": "7.4.0"},
    ),
    PublishedChart("gitea", "gitea", {"10.4.1": "1.22.2", "10.6.0": "1.22.3", "12.0.0": "1.23.8"}),
    PublishedChart(
        "kedacore", "keda", {"2.15.2": "2.15.2", "2.16.1": "2.16.1", "2.17.2": "2.17.2"}
    ),
    PublishedChart(
        "prometheus-community",
        "prometheus",
        {"25.27.0": "v2.54.1", "25.30.1": "v2.55.1", "27.5.1": "v3.2.1"},
    ),
)

UPSTREAM = {
    "https://charts.bitnami.com/bitnami": "bitnami",
    "https://dl.gitea.com/charts": "gitea",
    "https://kedacore.github.io/charts": "kedacore",
    "https://prometheus-community.github.io/helm-charts": "prometheus-community",
    "oci://registry-1.docker.io/bitnamicharts": "bitnami",
}
"""The repository that answers here for each upstream one."""
