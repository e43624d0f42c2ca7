"""Which images and charts an object runs, and which of them it would run in another version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sluice.diff.change import VersionChange

__all__ = ["version_changes"]

# As the cache of charts names its files, below the repository's root.
_CHART: Final = re.compile(r"(?:.*/)?(?P<name>.+?)-(?P<version>v?\d[^/]*)-[0-9a-f]{12}\.tgz")
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")


def version_changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[VersionChange, ...]:
    """Return the images and charts whose version differs between two states of an object."""
    old, new = dict(_versions(before or {})), dict(_versions(after or {}))
    return tuple(
        VersionChange(what, name, old.get((what, name), ""), new.get((what, name), ""))
        for what, name in dict.fromkeys((*old, *new))
        if old.get((what, name)) != new.get((what, name))
    )


def _versions(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    chart = _CHART.fullmatch(str(manifest.get("chart") or ""))
    if chart:
        yield ("chart", chart["name"]), chart["version"]
    for image in _images(manifest.get("spec")):
        name, version = _parted(image)
        yield ("image", name), version


def _images(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _images(item)
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        if key in _CONTAINERS and isinstance(item, list):
            images = (each.get("image") for each in item if isinstance(each, Mapping))
            yield from (image for image in images if isinstance(image, str))
        else:
            yield from _images(item)


def _parted(image: str) -> tuple[str, str]:
    """Return an image's name and its tag, or its digest where it has no tag."""
    tagged, _, digest = image.partition("@")
    folder, slash, last = tagged.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{folder}{slash}{name}", tag or digest or "latest"
