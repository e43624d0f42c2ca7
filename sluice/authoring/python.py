"""Python as the formatter has it, in the style of the stacks: values, calls, tuples, imports."""

from __future__ import annotations

import io
import itertools
import json
import tokenize
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["INDENT", "Call", "Name", "import_line", "render", "sequence", "with_line"]

INDENT: Final = "    "
_WIDTH: Final = 100


@dataclass(frozen=True)
class Name:
    """A name in the program, such as `self.databases`."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call in the program; an argument's value is data, a `Name` or a `Call`."""

    function: str
    positional: Sequence[Any] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)


def render(value: Any, indent: int = 0, used: int = 0) -> str:
    """Return Python for a value, broken into lines where it is too long.

    `indent` is the indentation of its first line in spaces, `used` how much
    else stands on that line.
    """
    flat = _flat(value)
    if indent + used + len(flat) + 1 <= _WIDTH or not isinstance(value, (Call, Mapping, list)):
        return flat
    inner = indent + len(INDENT)
    opening, closing, items = _parts(value)
    lines = (
        f"{' ' * inner}{prefix}{render(item, inner, len(prefix))},\n" for prefix, item in items
    )
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def sequence(brackets: str, elements: Sequence[str], used: int) -> str:
    """Return a tuple's or list's text; `used` is what stands before it on its line."""
    single = "," if brackets == "()" and len(elements) == 1 else ""
    flat = f"{brackets[0]}{', '.join(elements)}{single}{brackets[1]}"
    if "\n" not in flat and len(INDENT) + used + len(flat) <= _WIDTH:
        return flat
    lines = "".join(f"{INDENT * 2}{element},\n" for element in elements)
    return f"{brackets[0]}\n{lines}{INDENT}{brackets[1]}"


def with_line(written: str, code: str) -> str:
    """Return a tuple's text of several lines with one more element on lines of its own."""
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(written).readline)
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    ]
    starts = [0, *itertools.accumulate(len(line) + 1 for line in written.split("\n"))]
    (row, column), (closing_row, closing_column) = tokens[-2].end, tokens[-1].start
    end, closing = starts[row - 1] + column, starts[closing_row - 1] + closing_column
    comma = "" if tokens[-2].string in (",", "(", "[") else ","
    between, newline, tail = written[end:closing].rpartition("\n")
    before = f"{written[:end]}{comma}{between if newline else tail.rstrip()}"
    after = f"{tail if newline else INDENT}{written[closing:]}"
    return f"{before}\n{INDENT * 2}{code},\n{after}"


def import_line(names: Collection[str]) -> str:
    """Return the import of these names from `components`, of several lines where it is too long."""
    # As the formatter sorts them: classes before functions.
    ordered = sorted(names, key=lambda name: (name[:1].islower(), name))
    flat = f"from components import {', '.join(ordered)}\n"
    if len(flat) <= _WIDTH + 1:
        return flat
    return "from components import (\n" + "".join(f"{INDENT}{n},\n" for n in ordered) + ")\n"


def _flat(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (Call, Mapping, list)):
        return repr(value)
    opening, closing, items = _parts(value)
    return opening + ", ".join(prefix + _flat(item) for prefix, item in items) + closing


def _parts(value: Call | Mapping[str, Any] | list[Any]) -> tuple[str, str, list[tuple[str, Any]]]:
    if isinstance(value, Call):
        keywords = [(f"{name}=", item) for name, item in value.keywords.items()]
        return f"{value.function}(", ")", [*(("", item) for item in value.positional), *keywords]
    if isinstance(value, Mapping):
        return "{", "}", [(f"{_flat(key)}: ", item) for key, item in value.items()]
    return "[", "]", [("", item) for item in value]
