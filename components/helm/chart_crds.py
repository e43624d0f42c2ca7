"""The custom resource definitions of a chart: what lies in its `crds/`, its subcharts' too."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from components.errors import DeclarationError
from components.lib.manifests import documents

__all__ = ["chart_crds"]

_FILE: Final = re.compile(r"(?:charts/[^/]+/)*crds/.+\.ya?ml")


def chart_crds(chart: Path) -> list[dict[str, Any]]:
    """Return the definitions of a chart's folder or archive, in the order of their files.

    Raises:
        DeclarationError: where the chart cannot be read, or a file is not YAML.

    """
    files = _folder(chart) if chart.is_dir() else _archive(chart)
    return [
        manifest
        for name, text in sorted(files)
        for manifest in documents.load_all(text, where=f"{chart}: {name}")
    ]


def _folder(chart: Path) -> Iterator[tuple[str, str]]:
    for path in chart.rglob("*"):
        name = path.relative_to(chart).as_posix()
        if _FILE.fullmatch(name):
            yield name, path.read_text()


def _archive(chart: Path) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(chart) as archive:
            for member in archive:
                name = member.name.removeprefix("./").partition("/")[2]
                content = archive.extractfile(member) if _FILE.fullmatch(name) else None
                if content:
                    yield name, content.read().decode()
    except (OSError, tarfile.TarError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{chart}: the chart cannot be read: {error}") from None
