"""What a program has read, from what its processes noted: paths of the repository, and others."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from sluice.inputs.notes import RECORDER

__all__ = ["Finder", "module_of"]

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LOCAL = (".git", ".sluice", ".venv")
_SYSTEM = (sys.prefix, sys.base_prefix, str(RECORDER), "/dev", "/proc", "/sys")
_LONGEST = 4096


class Finder:
    """Turns absolute paths that were read into the repository's own, through symbolic links.

    Attributes:
        root: the repository's folder.
        paths: what was read in it, `<how>:<path>`.
        outside: what was read outside of it, as absolute paths.

    """

    def __init__(self, root: Path) -> None:
        """Begin with nothing, for the repository of a folder."""
        self.root = root
        self.paths: set[str] = set()
        self.outside: set[str] = set()

    def take(self, note: Mapping[str, Any]) -> None:
        """Take what one process of the program noted."""
        for noted, how in (
            ("opened", "file"),
            ("asked", "file"),
            ("listed", "list"),
            ("searched", "search"),
        ):
            for path in note[noted]:
                self.add(how, Path(path))
        for path in note["listed"]:
            self._add_links(Path(path))
        for folder, kustomization in note["rendered"]:
            self._add_parts(kustomization, Path(folder))

    def add(self, how: str, path: Path) -> None:
        """Add a path, and how it was read: `file`, `list`, `search` or `tree`."""
        path = _source(path)
        if not path.is_relative_to(self.root):
            self._add_outside(path)
            return
        below = path.relative_to(self.root)
        link = self._first_link(below)
        if below.parts[:1] and below.parts[0] in _LOCAL:
            self._add_outside(Path(os.path.realpath(path)))
        elif link is None:
            self.paths.add(f"{how}:{'' if below == Path() else below.as_posix()}")
        else:
            self.paths.add(f"file:{link.as_posix()}")
            target = Path(os.path.realpath(self.root / link))
            if target.is_symlink():
                self._add_circle(self.root / link)
            else:
                self.add(how, target / below.relative_to(link))

    def add_modules(self, folder: Path, names: Collection[str]) -> None:
        """Take what Python looks at in a folder that it searches, where it does not say so."""
        for path in folder.iterdir() if folder.is_dir() else ():
            if module_of(path.name) in names:
                self.add("file", path)
                self.add("file", path / "__init__.py")

    def add_named(self, text: str, folder: Path) -> None:
        """Take everything below what a text names, relative to a folder, if it is there."""
        if not text or "\n" in text or len(text) > _LONGEST:
            return
        path = Path(os.path.normpath(folder / text))
        if path.exists():
            self._add_all(path)

    def _add_links(self, folder: Path) -> None:
        """Take where the links of a directory lead to: who lists it may ask what lies there."""
        if folder.is_dir():
            for entry in os.scandir(folder):
                if entry.is_symlink():
                    self.add("file", Path(entry.path))

    def _add_all(self, path: Path) -> None:
        before = len(self.paths) + len(self.outside)
        self.add("tree", path)
        if len(self.paths) + len(self.outside) == before or not path.is_dir():
            return
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                if Path(folder, name).is_symlink():
                    self._add_all(Path(folder, name))
            for name in files:
                if name in _KUSTOMIZATIONS:
                    self._add_parts(Path(folder, name).read_text(), Path(folder))

    def _add_parts(self, kustomization: str, folder: Path) -> None:
        with suppress(yaml.YAMLError):  # then nothing renders it
            for text in _texts(yaml.safe_load(kustomization)):
                self.add_named(text.rpartition("=")[2], folder)

    def _add_circle(self, link: Path) -> None:
        """Take each link on the way from one that leads to itself."""
        seen: set[Path] = set()
        while link not in seen and link.is_relative_to(self.root):
            seen.add(link)
            self.paths.add(f"file:{link.relative_to(self.root).as_posix()}")
            link = Path(os.path.normpath(link.parent / link.readlink()))

    def _add_outside(self, path: Path) -> None:
        text = str(path)
        if not any(text == place or text.startswith(f"{place}/") for place in _SYSTEM):
            self.outside.add(text)

    def _first_link(self, below: Path) -> Path | None:
        prefixes = [*reversed(below.parents), below][1:]
        return next((part for part in prefixes if (self.root / part).is_symlink()), None)


def module_of(name: str) -> str:
    """Return the top-level module of a dotted name."""
    return name.partition(".")[0]


def _source(path: Path) -> Path:
    if path.suffix != ".pyc" or path.parent.name != "__pycache__":
        return path.parent if path.name == "__pycache__" else path
    return Path(importlib.util.source_from_cache(str(path)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
