"""Where a person finds what a version is: an image's page in its registry, a chart's source."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from sluice.diff.change import VersionChange

__all__ = ["version_link"]

_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


def version_link(version: VersionChange, charts: Mapping[str, str], server: str) -> str:
    """Return a page about the version that comes; empty where none is known.

    `charts` has each chart's source, `server` is the address of Gitea, whose
    own registry has pages.
    """
    if not version.after:
        return ""
    if version.what == "chart":
        return _source_link(charts.get(version.name, ""), version.name)
    return _image_link(version.name, version.after, server)


def _image_link(image: str, version: str, server: str) -> str:
    host, path = _split(image)
    tag = "" if version.startswith("sha256:") else version
    if host == "":
        return _docker_hub(path, tag)
    if host == "quay.io":
        return f"https://quay.io/repository/{quote(path)}?tab=tags"
    if host == "ghcr.io":
        return f"https://ghcr.io/{quote(path)}"
    owner, _, name = path.partition("/")
    if host == urlsplit(server).netloc and name:
        where = f"{server}/{quote(owner)}/-/packages/container/{quote(name, safe='')}"
        return f"{where}/{quote(version, safe='')}"
    return ""


def _split(image: str) -> tuple[str, str]:
    """Return an image's registry, empty for Docker Hub, and its path there."""
    first, _, rest = image.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        return ("" if first in _DOCKER_HUB else first), rest
    return "", image


def _docker_hub(path: str, tag: str) -> str:
    name = path.removeprefix("library/")
    page = f"r/{quote(name)}" if "/" in name else f"_/{quote(name)}"
    return f"https://hub.docker.com/{page}/tags" + (f"?name={quote(tag, safe='')}" if tag else "")


def _source_link(source: str, chart: str) -> str:
    parts = urlsplit(source)
    if parts.scheme == "oci":
        path = "/".join(part for part in (parts.path.strip("/"), chart) if part)
        if parts.netloc in _DOCKER_HUB:
            return _docker_hub(path, "")
        return f"https://{parts.netloc}/{quote(path)}"
    # A name and a password in an address are nobody's business.
    address = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{address}{quote(parts.path)}" if parts.scheme == "https" else ""
