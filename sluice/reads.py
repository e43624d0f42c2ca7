"""What a stack's program reads, noted while it runs, and its content in any commit.

A stack whose program reads the same as when it was deployed declares the same.
Files are read as the commit has them; what is read outside of the repository
(a chart in the cache, this machine's mirrors) is compared as it lies there.
Where a program brings in something else, such as an answer from the network,
that is `unknown`, and nothing can be said.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sluice.repository import Repository

__all__ = ["Reads", "Tree", "outside", "recording"]

_RECORDER = Path(__file__).with_name("recorder")
_HOST = Path(__file__).with_name("host")

# The engine and its language host read these themselves.
_ALWAYS = ("Pulumi.yaml", "pyproject.toml", "requirements.txt", "toolchain/requirements.txt")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LOCAL = (".git", ".sluice", ".venv")
# Recorder and host lie in the checkout that runs the command: a job's is soon gone.
_SYSTEM = (sys.prefix, sys.base_prefix, str(_RECORDER), str(_HOST), "/dev", "/proc", "/sys")
_ABSENT = "-"
_LINK = "120000"

Tree = Mapping[str, str]
"""A commit's files and directories by path, each as `<type> <id>`; the root is the empty path."""


@dataclass(frozen=True)
class Reads:
    """What a program has read.

    Attributes:
        paths: in the repository, `<how>:<path>`: a `file`, the names in a
            `list`ing, a directory that was `search`ed for modules, a whole `tree`.
        modules: the names of the modules that were looked for.
        outside: absolute paths outside of the repository.
        unknown: what else may have had a say, in words.

    """

    paths: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    unknown: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def noted(
        cls, folder: Path, repository: Repository, stack: str, given: Iterable[str]
    ) -> Reads | None:
        """Return what the program has read, as its process noted in `folder`; None where none did.

        `given` are texts that providers were given, each of which may name a path.
        """
        noted = (json.loads(file.read_bytes()) for file in folder.glob("*.json"))
        # Pulumi asks pip for the packages, too.
        notes = [note for note in noted if note["program"]]
        if not notes:
            return None
        finder = _Finder(repository.root.resolve())
        for name in (*_ALWAYS, f"stacks/Pulumi.{stack}.yaml"):
            finder.add("file", finder.root / name)
        modules = frozenset(name for note in notes for name in note["modules"])
        for note in notes:
            finder.take(note)
            for searched in note["searched"]:
                finder.add_modules(Path(searched), modules)
        for text in given:
            finder.add_named(text, finder.root)
        return cls(
            frozenset(finder.paths),
            modules,
            frozenset(finder.outside),
            frozenset(reason for note in notes for reason in note["unknown"]),
        )

    def contents(self, tree: Tree) -> dict[str, str]:
        """Return what each path is in a commit."""
        children = _children(tree)
        return {path: self._content(path, tree, children) for path in sorted(self.paths)}

    def _content(self, entry: str, tree: Tree, children: Mapping[str, list[str]]) -> str:
        how, _, path = entry.partition(":")
        found = tree.get(path, _ABSENT)
        if how == "tree" or not found.startswith("tree"):
            return found
        names = children.get(path, [])
        if how == "list":
            return _digest(
                "\n".join(f"{name} {_kind(tree[_joined(path, name)])}" for name in names)
            )
        if how == "search":
            looked_for = (name for name in names if _module(name) in self.modules)
            return _digest(
                "\n".join(f"{name} {tree[_joined(path, name)][:4]}" for name in looked_for)
            )
        return "tree"


def recording(notes: Path) -> dict[str, str]:
    """Return the environment in which Python programs note what they read, in a folder."""
    path = [str(_RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"SLUICE_READS": str(notes), "PYTHONPATH": os.pathsep.join(path)}


def outside(paths: Collection[str]) -> dict[str, str]:
    """Return what lies at each of these places of the machine."""
    return {path: _on_disk(Path(path)) for path in sorted(paths)}


class _Finder:
    """Turns absolute paths that were read into the repository's own, through symbolic links."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: set[str] = set()
        self.outside: set[str] = set()

    def take(self, note: Mapping[str, Any]) -> None:
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
            if _module(path.name) in names:
                self.add("file", path)
                self.add("file", path / "__init__.py")

    def _add_links(self, folder: Path) -> None:
        """Take where the links of a directory lead to: who lists it may ask what lies there."""
        if folder.is_dir():
            for entry in os.scandir(folder):
                if entry.is_symlink():
                    self.add("file", Path(entry.path))

    def add_named(self, text: str, folder: Path) -> None:
        """Take everything below what a text names, relative to a folder, if it is there."""
        if not text or "\n" in text or len(text) > _LONGEST:
            return
        path = Path(os.path.normpath(folder / text))
        if path.exists():
            self._add_all(path)

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


_LONGEST = 4096


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


def _module(name: str) -> str:
    return name.partition(".")[0]


def _children(tree: Tree) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for path in sorted(tree):
        if path:
            folder, _, name = path.rpartition("/")
            children.setdefault(folder, []).append(name)
    return children


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _kind(entry: str) -> str:
    """Return what a listing tells of an entry; of a link also where it leads to."""
    kind, mode, _ = entry.split(" ", 2)
    return entry if mode == _LINK else kind


def _on_disk(path: Path) -> str:
    try:
        if path.is_dir():
            return "tree"
        # A program on PATH is looked at, and too large to be read each time.
        if os.access(path, os.X_OK):
            status = path.stat()
            return f"program {status.st_size} {status.st_mtime_ns}"
        return _digest(path.read_bytes())
    except OSError:
        return _ABSENT


def _digest(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
