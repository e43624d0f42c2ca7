"""The scalars of a YAML text: where each stands in it, and how a new value is written there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml
from yaml.resolver import Resolver

from components.errors import DeclarationError

__all__ = [
    "BLOCK_HEADER",
    "PROPERTIES",
    "Object",
    "Scalar",
    "as_written",
    "line_of",
    "scalars_of",
    "span_of",
]

BLOCK_HEADER: Final = re.compile(r"[|>][-+0-9]*[ \t]+")
"""What a block begins with, where a comment stands behind it."""

PROPERTIES: Final = re.compile("(?:(?:[&!][^\\s]*|#[^\r\n\x85\u2028\u2029]*)\\s+)*")
"""An anchor, a tag and comments between them and the scalar that they belong to."""

_STRING: Final = "tag:yaml.org,2002:str"
# Tabs where YAML allows them and PyYAML does not: before a comment or a line's end, behind a key.
_TABS: Final = re.compile(r"\t+(?=#|\r|\n|$)|(?<=:)\t+")
# What Kubernetes' reader takes for a number, and PyYAML for text.
_NUMBER: Final = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
)


@dataclass(frozen=True)
class Object:
    """The object that a marked scalar belongs to.

    Attributes:
        kind, name, namespace, api_version: as its document has them, else empty: a
            `kustomization.yaml` has no name, a chart's values have none of them.

    """

    kind: str = ""
    name: str = ""
    namespace: str = ""
    api_version: str = ""

    def __str__(self) -> str:
        """What people call it: `Deployment apps/app`."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}".strip()


@dataclass(frozen=True)
class Scalar:
    """A scalar of the text, from `start` to `end`, without its anchor and tag."""

    value: str
    style: str | None
    start: int
    end: int
    is_key: bool
    object: Object

    @property
    def is_block(self) -> bool:
        """Whether it is written as a block: `|` or `>`, and lines below it."""
        return self.style in ("|", ">")


def scalars_of(text: str, where: str) -> list[Scalar]:
    """Return the scalars of a text in its order, each with the object of its document.

    Raises:
        DeclarationError: naming `where`, where the text is not YAML.

    """
    try:
        spaced = _TABS.sub(lambda tabs: " " * len(tabs[0]), text)
        roots = [root for root in yaml.compose_all(spaced, Loader=yaml.SafeLoader) if root]
    except yaml.YAMLError as error:
        raise DeclarationError(_not_yaml(error, where)) from error
    found = (scalar for root in roots for scalar in _below(root, _object(root), text))
    return sorted(found, key=lambda scalar: scalar.start)


def span_of(text: str, scalar: Scalar) -> tuple[int, int]:
    """Return what a new value takes the place of: of a block, its one line of text."""
    if not scalar.is_block:
        return scalar.start, scalar.end
    first_line = text.index("\n", scalar.start)
    content = text[first_line : scalar.end]
    start = first_line + len(content) - len(content.lstrip())
    return start, start + len(content.strip())


def as_written(value: str, scalar: Scalar) -> str:
    """Return a value in the style of the scalar; a plain one in quotes where it were no text."""
    if scalar.is_block:
        return value
    if scalar.style == "'":
        return "'" + value.replace("'", "''") + "'"
    tag = Resolver().resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    if scalar.style is None and tag == _STRING and not _NUMBER.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def line_of(text: str, position: int) -> int:
    """Return the line of a position, from 1."""
    return text.count("\n", 0, position) + 1


def _below(root: yaml.Node, owner: Object, text: str) -> Iterator[Scalar]:
    waiting, seen = [(root, False)], set()
    while waiting:
        node, is_key = waiting.pop()
        if id(node) in seen:
            continue  # an alias
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [pair for key, value in node.value for pair in ((key, True), (value, False))]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, False) for item in node.value]
        elif isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark.index, node.end_mark.index
            properties = PROPERTIES.match(text, start, end)
            start = properties.end() if properties else start
            if start < end:
                yield Scalar(node.value, node.style, start, end, is_key, owner)


def _object(root: yaml.Node) -> Object:
    top, metadata = _texts(root), _texts(_child(root, "metadata"))
    return Object(
        kind=top.get("kind", ""),
        name=metadata.get("name", ""),
        namespace=metadata.get("namespace", ""),
        api_version=top.get("apiVersion", ""),
    )


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _texts(node: yaml.Node | None) -> dict[str, str]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return {
        key.value: value.value
        for key, value in pairs
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }


def _not_yaml(error: yaml.YAMLError, where: str) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    said = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"{where}{line}: not YAML: {said}; correct it, or remove its markers"
