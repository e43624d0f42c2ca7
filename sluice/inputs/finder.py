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
_LOCAL = ((".git",), (".sluice",), (".venv",))
# Recorder and host lie in the checkout that runs the command: a job's is soon gone.
_HOST = Path(__file__).parents[1] / "engine" / "host"
_PYTHON = (sys.prefix, sys.base_prefix, str(RECORDER), str(_HOST))
_SYSTEM = {*_PYTHON, *map(os.path.realpath, _PYTHON), "/dev", "/proc", "/sys"}
# So many links does Linux follow; then it takes them for a circle.
_MOST_LINKS = 40
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
        """Add a path that was read (`file`, `list`, `search` or `tree`), and each link on the way.

        The way is the kernel's: name by name, so that a `..` behind a link
        leaves the folder that the link leads to.
        """
        at, ahead, links = Path("/"), [*reversed(_source(path).parts)], 0
        while ahead:
            name = ahead.pop()
            if name == "..":
                self._note("file", at)
                at = at.parent
                continue
            target = _target(at / name)
            if target is None:
                at /= name
                continue
            links += 1
            self._note("file", at / name)
            if links > _MOST_LINKS:
                return
            ahead += reversed(target.parts)
        self._note(how, at)

    def add_modules(self, folder: Path, names: Collection[str]) -> None:
        """Take what Python looks at in a folder that it searches, where it does not say so."""
        for path in folder.iterdir() if folder.is_dir() else ():
            if module_of(path.name) in names:
                self.add("file", path)
                if path.is_dir():
                    self.add("file", path / "__init__.py")

    def add_named(self, text: str, folder: Path) -> None:
        """Take everything below what a text names, relative to a folder, if it is there."""
        if not text or "\n" in text or len(text) > _LONGEST:
            return
        path = Path(os.path.normpath(folder / text))
        if os.path.lexists(path):
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
                    with suppress(OSError):  # a link that leads nowhere
                        self._add_parts(Path(folder, name).read_text(), Path(folder))

    def _add_parts(self, kustomization: str, folder: Path) -> None:
        with suppress(yaml.YAMLError):  # then nothing renders it
            for text in _texts(yaml.safe_load(kustomization)):
                self.add_named(text.rpartition("=")[2], folder)

    def _note(self, how: str, path: Path) -> bool:
        """Note a path that no link leads away from; return False where it is the system's own."""
        text = str(path)
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else None
        if below is not None and below.parts in _LOCAL:
            return True  # in a checkout of a commit it is a link, and soon gone
        if below is not None and below.parts[:1] not in _LOCAL:
            self.paths.add(f"{how}:{'' if below == Path() else below.as_posix()}")
        elif any(text == place or text.startswith(f"{place}/") for place in _SYSTEM):
            return False
        else:
            self.outside.add(text)
        return True


def module_of(name: str) -> str:
    """Return the top-level module of a dotted name."""
    return name.partition(".")[0]


def _source(path: Path) -> Path:
    if path.suffix != ".pyc" or path.parent.name != "__pycache__":
        return path.parent if path.name == "__pycache__" else path
    return Path(importlib.util.source_from_cache(str(path)))


def _target(path: Path) -> Path | None:
    """Return where a symbolic link leads to; None where there is none to be seen."""
    try:
        return path.readlink()
    except (OSError, ValueError):
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
