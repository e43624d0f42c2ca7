"""Pages of tags as a registry last sent them, to be asked for by their ETag.

In a folder, one file a URL. What is lost or damaged is only asked for anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from components.lib.files import atomic_file

__all__ = ["ETagCache", "Page"]


class Page(msgspec.Struct, frozen=True):
    """A page: its ETag, its tags, and the URL of the next one, if any."""

    etag: str
    tags: list[str]
    following: str


class ETagCache:
    """Pages in a folder, which is made when something is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> Page | None:
        """Return the page that was kept of a URL, or None."""
        try:
            return msgspec.json.decode(self._file(url).read_bytes(), type=Page)
        except (OSError, msgspec.DecodeError):
            return None

    def save(self, url: str, etag: str, tags: list[str], following: str) -> None:
        """Keep a page, where the registry gave it an ETag.

        Raises ArtifactError where the folder cannot be written.
        """
        if etag:
            atomic_file.write(self._file(url), msgspec.json.encode(Page(etag, tags, following)))

    def _file(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
