"""Flux's setters: scalars of a YAML file that a comment binds to an image policy.

`image: app:1.4.2 # {"$imagepolicy": "apps:app"}` follows the policy `app` of the
namespace `apps`; with `:tag`, `:name` or `:digest` behind it, that part alone.
Pure: text in, text out. PyYAML says where the scalars are, and reads the result
again; every byte outside of the marked scalars is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml
from yaml.resolver import Resolver

from components.errors import DeclarationError

__all__ = ["MARKER", "Change", "Object", "set_all"]

MARKER: Final = "$imagepolicy"
"""What a file has to contain for anything in it to be marked."""

_EXAMPLE: Final = '{"$imagepolicy": "namespace:name"}'
_SETTER: Final = re.compile(r"[^:\s]+:[^:\s]+(?::[^:\s]+)?")
_STRING: Final = "tag:yaml.org,2002:str"
_COMMENT: Final = re.compile("#[^\r\n\x85\u2028\u2029]*")
_BLOCK_HEADER: Final = re.compile(r"[|>][-+0-9]*[ \t]+")
# An anchor, a tag and comments between them and the scalar that they belong to.
_PROPERTIES: Final = re.compile("(?:(?:[&!][^\\s]*|#[^\r\n\x85\u2028\u2029]*)\\s+)*")
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
class Change:
    """A marked scalar that gets another value.

    Attributes:
        object: what it belongs to.
        line: its line, from 1.
        setter: what its marker names, such as `apps:app:tag`.
        old, new: its values.

    """

    object: Object
    line: int
    setter: str
    old: str
    new: str


@dataclass(frozen=True)
class _Scalar:
    """A scalar of the text, from `start` to `end`, without its anchor and tag."""

    value: str
    style: str | None
    start: int
    end: int
    is_key: bool
    object: Object

    @property
    def is_block(self) -> bool:
        return self.style in ("|", ">")


@dataclass(frozen=True)
class _Marked:
    """A scalar, by its place among all, and the setter that its marker names."""

    index: int
    scalar: _Scalar
    setter: str
    where: str


def set_all(
    text: str, values: Mapping[str, str | None], *, where: str
) -> tuple[str, Sequence[Change]]:
    """Return the file's text with each marked scalar at its setter's value, and what changed.

    `values` has a value for each setter; what marks one with None stays as it is.

    Raises:
        DeclarationError: naming `where` and the line, where the file is not YAML, or a
            marker is none, marks nothing, or names a setter that is unknown or empty.

    """
    scalars = _scalars(text, where)
    expected = [scalar.value.strip() for scalar in scalars]
    changes: list[Change] = []
    edited = text
    for marked in reversed(_all_marked(text, scalars, where)):
        scalar, old = marked.scalar, expected[marked.index]
        new = _value(marked, values)
        if new is None or new == old:
            continue
        expected[marked.index] = new
        line = _line(text, scalar.start)
        changes.append(Change(scalar.object, line, marked.setter, old, new))
        start, end = _span(text, scalar)
        edited = edited[:start] + _written(new, scalar) + edited[end:]
    if changes and [scalar.value.strip() for scalar in _scalars(edited, where)] != expected:
        lines = ", ".join(str(change.line) for change in reversed(changes))
        raise DeclarationError(
            f"{where}: line {lines} cannot be set in place; write the marked values in quotes"
        )
    return edited, changes[::-1]


def _value(marked: _Marked, values: Mapping[str, str | None]) -> str | None:
    where, setter = marked.where, marked.setter
    if setter not in values:
        policies = sorted(name for name in values if name.count(":") == 1)
        known = f"there are: {', '.join(policies)}" if policies else "none is declared"
        raise DeclarationError(
            f"{where}: the marker names {setter!r}, which no image policy sets; {known}"
        )
    if values[setter] == "":
        raise DeclarationError(
            f"{where}: {setter!r} has no value, for the policy reflects no digest; "
            "have it do so, or remove the marker"
        )
    if "\n" in marked.scalar.value.strip():
        raise DeclarationError(f"{where}: the marker marks a text of several lines; remove it")
    return values[setter]


def _all_marked(text: str, scalars: Sequence[_Scalar], where: str) -> list[_Marked]:
    found: dict[int, _Marked] = {}
    for comment, before in _comments(text, scalars):
        line = f"{where}:{_line(text, comment.start())}"
        setter = _setter(comment[0], line)
        if not setter:
            continue
        index = _target(text, comment, scalars, before)
        if index is None:
            raise DeclarationError(
                f"{line}: the marker marks no value; write it behind one, on the same line"
            )
        if index in found:
            raise DeclarationError(f"{line}: a second marker for the same value; remove one")
        found[index] = _Marked(index, scalars[index], setter, line)
    return list(found.values())


def _comments(text: str, scalars: Sequence[_Scalar]) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the comments, each with the index of the last scalar that begins before it.

    Between scalars a `#` begins a comment, and so it does behind a block's indicator.
    """
    end = 0
    for index, scalar in enumerate(scalars):
        for comment in _COMMENT.finditer(text, end, scalar.start):
            yield comment, index - 1
        header = _BLOCK_HEADER.match(text, scalar.start) if scalar.is_block else None
        comment_behind = _COMMENT.match(text, header.end()) if header else None
        if comment_behind:
            yield comment_behind, index
        end = scalar.end
    for comment in _COMMENT.finditer(text, end):
        yield comment, len(scalars) - 1


def _setter(comment: str, where: str) -> str:
    """Return what a comment that is a marker names; empty for any other comment."""
    content = comment.lstrip("#").strip()
    if not content.startswith("{") or MARKER not in content:
        return ""
    try:
        found = json.loads(content)
    except ValueError:
        found = {}
    texts = all(isinstance(value, str) for value in found.values())
    setter = str(found.get(MARKER, ""))
    if not texts or not _SETTER.fullmatch(setter):
        raise DeclarationError(f"{where}: {content} is not a marker; write {_EXAMPLE}")
    return setter


def _target(
    text: str, comment: re.Match[str], scalars: Sequence[_Scalar], before: int
) -> int | None:
    """Return which scalar a marker marks: the value before it on its line, else the one below it.

    Below it, where it is the only comment there: an item of a list, or a value under its key.
    """
    start = comment.start()
    line_start = text.rfind("\n", 0, start) + 1
    if text[line_start:start].strip(" \t\ufeff"):
        return before if _ends_before(text, scalars, before, start) else None
    after = before + 1
    above = text[text.rfind("\n", 0, max(line_start - 1, 0)) + 1 : line_start]
    if after == len(scalars) or above.lstrip().startswith("#"):
        return None
    scalar = scalars[after]
    between = _PROPERTIES.sub("", text[comment.end() : scalar.start].replace("- ", "  ").lstrip())
    is_next = _line(text, scalar.start) == _line(text, start) + 1
    return after if is_next and not scalar.is_key and not between.strip() else None


def _ends_before(text: str, scalars: Sequence[_Scalar], index: int, position: int) -> bool:
    """Whether a value ends on the line of a comment, with nothing between but a comma."""
    if index < 0 or scalars[index].is_key:
        return False
    scalar = scalars[index]
    is_header = scalar.is_block and position < scalar.end
    return is_header or not text[scalar.end : position].strip(" \t,")


def _span(text: str, scalar: _Scalar) -> tuple[int, int]:
    """Return what a new value takes the place of: of a block, its one line of text."""
    if not scalar.is_block:
        return scalar.start, scalar.end
    first_line = text.index("\n", scalar.start)
    content = text[first_line : scalar.end]
    start = first_line + len(content) - len(content.lstrip())
    return start, start + len(content.strip())


def _written(value: str, scalar: _Scalar) -> str:
    """Return a value in the style of the scalar; a plain one in quotes where it were no text."""
    if scalar.is_block:
        return value
    if scalar.style == "'":
        return "'" + value.replace("'", "''") + "'"
    tag = Resolver().resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    if scalar.style is None and tag == _STRING and not _NUMBER.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _scalars(text: str, where: str) -> list[_Scalar]:
    try:
        spaced = _TABS.sub(lambda tabs: " " * len(tabs[0]), text)
        roots = [root for root in yaml.compose_all(spaced, Loader=yaml.SafeLoader) if root]
    except yaml.YAMLError as error:
        raise DeclarationError(_not_yaml(error, where)) from error
    found = (scalar for root in roots for scalar in _below(root, _object(root), text))
    return sorted(found, key=lambda scalar: scalar.start)


def _below(root: yaml.Node, owner: Object, text: str) -> Iterator[_Scalar]:
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
            properties = _PROPERTIES.match(text, start, end)
            start = properties.end() if properties else start
            if start < end:
                yield _Scalar(node.value, node.style, start, end, is_key, owner)


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


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _not_yaml(error: yaml.YAMLError, where: str) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    said = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"{where}{line}: not YAML: {said}; correct it, or remove its markers"
