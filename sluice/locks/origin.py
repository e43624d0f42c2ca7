"""Where the commits are that made an image or a source, as far as they say so themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from components.lib.locks.lock_entry import LockEntry
from components.lib.locks.locked_image import LockedImage
from components.lib.locks.locked_source import LockedSource

__all__ = ["Labels", "commits_between"]

Labels = Callable[[LockedImage], Mapping[str, str]]
"""Gives the labels of an image's configuration; none where they cannot be had."""

_SOURCE: Final = "org.opencontainers.image.source"
_REVISION: Final = "org.opencontainers.image.revision"
_COMMIT: Final = "sha1:"


@dataclass(frozen=True)
class _Origin:
    """A commit of a repository, by the repository's page."""

    page: str
    commit: str


def commits_between(old: LockEntry | None, new: LockEntry, labels: Labels) -> str:
    """Return the page with the commits from one to the other; empty where nothing says it."""
    first = _origin(old, labels) if old else None
    last = _origin(new, labels)
    if first is None or last is None or first.page != last.page or first == last:
        return ""
    return f"{last.page}/compare/{first.commit}...{last.commit}"


def _origin(entry: LockEntry, labels: Labels) -> _Origin | None:
    if isinstance(entry, LockedSource):
        commit = entry.digest.removeprefix(_COMMIT) if entry.digest.startswith(_COMMIT) else ""
        return _told(entry.url, commit)
    if isinstance(entry, LockedImage):
        found = labels(entry)
        return _told(found.get(_SOURCE, ""), found.get(_REVISION, ""))
    return None


def _told(url: str, commit: str) -> _Origin | None:
    page = url.rstrip("/").removesuffix(".git")
    is_page = page.startswith(("https://", "http://"))
    return _Origin(page, commit) if is_page and commit.isalnum() else None
