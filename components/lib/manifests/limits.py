"""How large a file may be, also with its aliases written out: a few lines can stand for terabytes.

Read by whatever parses YAML, and asked before kustomize is, which has no limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from components.errors import DeclarationError

__all__ = ["LIMIT", "Limit", "check_aliases", "check_size"]

_MEGABYTE: Final = 1_000_000
_ANCHOR: Final = re.compile(r"(?:^|[\s\[{,])&\S", re.MULTILINE)
_HOW: Final = "infrastructure:manifestMegabytes in stacks/Pulumi.STACK.yaml allows more"


@dataclass
class Limit:
    """The limit of this process, which runs the program of one stack at a time."""

    megabytes: int = 16


LIMIT: Final = Limit()


def check_size(path: Path) -> None:
    """Refuse a file that is too large, before it is read.

    Raises:
        DeclarationError: naming the file, its size and the setting.

    """
    try:
        size = path.stat().st_size
    except OSError:
        return  # whoever reads it says why it cannot
    if size > LIMIT.megabytes * _MEGABYTE:
        raise DeclarationError(
            f"{path}: {size / _MEGABYTE:.0f} MB, and a file has at most {LIMIT.megabytes}; "
            f"split it, or {_HOW}"
        )


def check_aliases(text: str, *, where: str) -> None:
    """Refuse a YAML text whose aliases stand for too much, or for what they are a part of.

    Raises:
        DeclarationError: naming `where`.

    """
    if "*" not in text or not _ANCHOR.search(text):
        return
    try:
        documents: list[yaml.Node] = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return  # whoever parses it says which line is wrong
    sizes: dict[int, int | None] = {}
    total = sum(_size(node, sizes, where) for node in documents)
    if total > LIMIT.megabytes * _MEGABYTE:
        raise DeclarationError(
            f"{where}: its aliases stand for more than {LIMIT.megabytes} MB; write out what is "
            f"meant, or {_HOW}"
        )


def _size(node: yaml.Node, sizes: dict[int, int | None], where: str) -> int:
    """Return the characters of a node with its aliases written out, each node counted once."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 1
    if id(node) not in sizes:
        sizes[id(node)] = None
        parts = node.value
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        sizes[id(node)] = 1 + sum(_size(part, sizes, where) for part in parts)
    size = sizes[id(node)]
    if size is None:
        raise DeclarationError(f"{where}: an alias stands for what it is a part of")
    return size
