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

from components.errors import DeclarationError
from sluice.images.scalars import (
    BLOCK_HEADER,
    PROPERTIES,
    Object,
    Scalar,
    as_written,
    line_of,
    scalars_of,
    span_of,
)

__all__ = ["MARKER", "Change", "set_all"]

MARKER: Final = "$imagepolicy"
"""What a file has to contain for anything in it to be marked."""

_EXAMPLE: Final = '{"$imagepolicy": "namespace:name"}'
_SETTER: Final = re.compile(r"[^:\s]+:[^:\s]+(?::[^:\s]+)?")
_COMMENT: Final = re.compile("#[^\r\n\x85\u2028\u2029]*")


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
class _Marked:
    """A scalar, by its place among all, and the setter that its marker names."""

    index: int
    scalar: Scalar
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
    scalars = scalars_of(text, where)
    expected = [scalar.value.strip() for scalar in scalars]
    changes: list[Change] = []
    edited = text
    for marked in reversed(_all_marked(text, scalars, where)):
        scalar, old = marked.scalar, expected[marked.index]
        new = _value(marked, values)
        if new is None or new == old:
            continue
        expected[marked.index] = new
        line = line_of(text, scalar.start)
        changes.append(Change(scalar.object, line, marked.setter, old, new))
        start, end = span_of(text, scalar)
        edited = edited[:start] + as_written(new, scalar) + edited[end:]
    if changes and [scalar.value.strip() for scalar in scalars_of(edited, where)] != expected:
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


def _all_marked(text: str, scalars: Sequence[Scalar], where: str) -> list[_Marked]:
    found: dict[int, _Marked] = {}
    for comment, before in _comments(text, scalars):
        line = f"{where}:{line_of(text, comment.start())}"
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


def _comments(text: str, scalars: Sequence[Scalar]) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the comments, each with the index of the last scalar that begins before it.

    Between scalars a `#` begins a comment, and so it does behind a block's indicator.
    """
    end = 0
    for index, scalar in enumerate(scalars):
        for comment in _COMMENT.finditer(text, end, scalar.start):
            yield comment, index - 1
        header = BLOCK_HEADER.match(text, scalar.start) if scalar.is_block else None
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
    text: str, comment: re.Match[str], scalars: Sequence[Scalar], before: int
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
    between = PROPERTIES.sub("", text[comment.end() : scalar.start].replace("- ", "  ").lstrip())
    is_next = line_of(text, scalar.start) == line_of(text, start) + 1
    return after if is_next and not scalar.is_key and not between.strip() else None


def _ends_before(text: str, scalars: Sequence[Scalar], index: int, position: int) -> bool:
    """Whether a value ends on the line of a comment, with nothing between but a comma."""
    if index < 0 or scalars[index].is_key:
        return False
    scalar = scalars[index]
    is_header = scalar.is_block and position < scalar.end
    return is_header or not text[scalar.end : position].strip(" \t,")
