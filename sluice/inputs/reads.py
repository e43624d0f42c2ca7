"""What a stack's program reads, noted while it runs, and its content in any commit.

A stack whose program reads the same as when it was deployed declares the same.
Files are read as the commit has them; what is read outside of the repository
(a chart in the cache, this machine's mirrors) is compared as it lies there.
Where a program brings in something else, such as an answer from the network,
that is `unknown`, and nothing can be said.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sluice.inputs.finder import Finder, module_of
from sluice.stack.stack import Stack

__all__ = ["Reads", "Tree", "outside"]

# The engine and its language host read these themselves.
_ALWAYS = ("Pulumi.yaml", "pyproject.toml", "requirements.txt", "toolchain/requirements.txt")
_LINK = "120000"
_ABSENT = "-"

Tree = Mapping[str, str]
"""A commit's files and directories by path, `<type> <mode> <id>` each; the root's path is empty."""


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
    def noted(cls, folder: Path, stack: Stack, given: Iterable[str]) -> Reads | None:
        """Return what the program has read, as its process noted in `folder`; None where none did.

        `given` are texts that providers were given, each of which may name a path.
        """
        noted = (json.loads(file.read_bytes()) for file in folder.glob("*.json"))
        # Pulumi asks pip for the packages, too.
        notes = [note for note in noted if note["program"]]
        if not notes:
            return None
        finder = Finder(stack.repository.root.resolve())
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
        found = _entry(path, tree)
        if how == "tree" or not found.startswith("tree"):
            return found
        names = children.get(path, [])
        if how == "list":
            return _digest(
                "\n".join(f"{name} {_kind(tree[_joined(path, name)])}" for name in names)
            )
        if how == "search":
            looked_for = (name for name in names if module_of(name) in self.modules)
            return _digest(
                "\n".join(f"{name} {tree[_joined(path, name)][:4]}" for name in looked_for)
            )
        return "tree"


def outside(paths: Collection[str]) -> dict[str, str]:
    """Return what lies at each of these places of the machine."""
    return {path: _on_disk(Path(path)) for path in sorted(paths)}


def _children(tree: Tree) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for path in sorted(tree):
        if path:
            folder, _, name = path.rpartition("/")
            children.setdefault(folder, []).append(name)
    return children


def _entry(path: str, tree: Tree) -> str:
    """Return what a path is; where it is not there, what is in its way: a link, or a file."""
    if path in tree:
        return tree[path]
    while path not in tree:
        path = path.rpartition("/")[0]
    return _ABSENT if tree[path].startswith("tree") else f"{_ABSENT} {_kind(tree[path])}"


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _kind(entry: str) -> str:
    """Return what a listing tells of an entry; of a link also where it leads to."""
    kind, mode, _ = entry.split(" ", 2)
    return entry if mode == _LINK else kind


def _on_disk(path: Path) -> str:
    try:
        if path.is_symlink():
            return f"link {path.readlink()}"
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
