from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from components.errors import DeclarationError
from components.helm.chart_crds import chart_crds


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart with definitions of its own and of its subchart."""
    files = {
        "crds/b.yaml": "name: b\n---\nname: c",
        "charts/sub/crds/a.yml": "name: a",
        "crds/README.md": "none",
        "templates/crds/d.yaml": "{{ none }}",
    }
    for name, text in files.items():
        file = tmp_path / "web" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "web"


def test_the_definitions_are_the_same_from_a_folder_and_from_its_archive(chart: Path) -> None:
    archive = chart.with_name("web.tgz")
    with tarfile.open(archive, "w:gz") as file:
        file.add(chart, "web")
    expected = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    assert chart_crds(chart) == expected
    assert chart_crds(archive) == expected


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "web.tgz").write_text("no archive")
    with pytest.raises(DeclarationError, match=r"web\.tgz: the chart cannot be read"):
        chart_crds(tmp_path / "web.tgz")
