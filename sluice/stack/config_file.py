"""A key of a stack's config file, rewritten in place: every byte outside of its lines is kept.

Pure: text in, text out. PyYAML says where the key's lines are, and reads the
result again, so that a file of any style comes out right or not at all.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from sluice.errors import RepositoryError

__all__ = ["with_list"]

_CONFIG = "config"


def with_list(text: str, key: str, entries: Sequence[Mapping[str, str]], *, where: str) -> str:
    """Return the file's text with `key` of its `config` as a list of these entries.

    The key is removed where there are none, and put last where it is new.

    Raises:
        RepositoryError: naming `where`, where the file is not written as Pulumi writes it.

    """
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(newline):
        lines[-1] += newline
    first, after, indent = _place(_block(text, where), key, lines)
    written = textwrap.indent(_yaml(key, entries), indent).replace("\n", newline)
    edited = "".join([*lines[:first], written, *lines[after:]])
    if _data(edited) != _expected(text, key, entries):
        raise RepositoryError(f"{where}: {key} cannot be changed in place; write it in block style")
    return edited


def _block(text: str, where: str) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if name.value == _CONFIG and isinstance(value, yaml.MappingNode) and not value.flow_style:
            return value
    raise RepositoryError(f"{where}: has no {_CONFIG} in block style; give the stack its context")


def _place(config: yaml.MappingNode, key: str, lines: Sequence[str]) -> tuple[int, int, str]:
    """Return the key's first line, the one after it, and its indentation."""
    for name, value in config.value:
        if name.value == key:
            return name.start_mark.line, _end(value, lines), " " * name.start_mark.column
    name, value = config.value[-1]
    end = _end(value, lines)
    return end, end, " " * name.start_mark.column


def _end(value: yaml.Node, lines: Sequence[str]) -> int:
    """Return the line after a value; a collection's own end is where the next key begins."""
    while isinstance(value, yaml.CollectionNode) and value.value and not value.flow_style:
        last = value.value[-1]
        value = last[1] if isinstance(last, tuple) else last
    end: int = value.end_mark.line
    if value.end_mark.column:
        return end + 1
    while end - 1 > value.start_mark.line and not lines[end - 1].strip():
        end -= 1
    return end


def _yaml(key: str, entries: Sequence[Mapping[str, str]]) -> str:
    if not entries:
        return ""
    items = [
        textwrap.indent(
            yaml.safe_dump(dict(entry), sort_keys=False, allow_unicode=True, width=1 << 20), "    "
        )
        for entry in entries
    ]
    return f"{key}:\n" + "".join(f"  - {item.removeprefix('    ')}" for item in items)


def _data(text: str) -> Any:
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds text alone
    except yaml.YAMLError:
        return None


def _expected(text: str, key: str, entries: Sequence[Mapping[str, str]]) -> Any:
    data = _data(text)
    others = {name: value for name, value in data[_CONFIG].items() if name != key}
    wanted = {key: [dict(entry) for entry in entries]} if entries else {}
    return {**data, _CONFIG: {**others, **wanted}}
