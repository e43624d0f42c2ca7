from __future__ import annotations

import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
import yaml

from sluice.sandbox.chart_server.catalog import CATALOG, CHARTS
from sluice.sandbox.chart_server.package import package, stamp

if TYPE_CHECKING:
    from pathlib import Path

    from sluice.sandbox.chart_server.catalog import PublishedChart


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\n")
    (folder / "values.yaml").write_text("replicas: 1\n")
    (folder / "templates" / "configmap.yaml").write_text("kind: ConfigMap\n" * 10_000)
    return folder


def test_the_same_files_give_the_same_bytes_at_any_time(chart: Path) -> None:
    first = package(chart, "1.2.3", "9")
    for path in chart.rglob("*"):
        os.utime(path, (0, 0))
    assert package(chart, "1.2.3", "9") == first


def test_the_bytes_are_those_of_every_machine(chart: Path) -> None:
    digest = hashlib.sha256(package(chart, "1.2.3", "9")).hexdigest()
    assert digest == "89d0453a530108aabef03d022794f5aebd1b771c3c6a3428944e1d00f5e3f250"


def test_the_archive_holds_the_stamped_chart(chart: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(package(chart, "1.2.3", "9.0")), mode="r:gz") as archive:
        files = {
            member.name: content.read()
            for member in archive
            if (content := archive.extractfile(member)) is not None
        }
    assert yaml.safe_load(files["tiny/Chart.yaml"]) == {
        "apiVersion": "v2",
        "name": "tiny",
        "version": "1.2.3",
        "appVersion": "9.0",
    }
    assert files["tiny/templates/configmap.yaml"] == b"kind: ConfigMap\n" * 10_000


def test_an_app_version_that_looks_like_a_number_stays_text() -> None:
    assert yaml.safe_load(stamp("name: a", "1.0.0", "1.10"))["appVersion"] == "1.10"


@pytest.mark.parametrize("published", CATALOG, ids=lambda chart: chart.name)
def test_no_published_chart_names_a_version_of_its_own(published: PublishedChart) -> None:
    text = (CHARTS / published.name / "Chart.yaml").read_text()
    assert {"version", "appVersion"}.isdisjoint(yaml.safe_load(text))
    assert yaml.safe_load(text)["name"] == published.name
