"""A stack's Python file, changed as its author would: every byte that need not change is kept.

Pure: text in, text out. The syntax tree says where something stands, and only
that is written, in the formatter's style.
"""

from __future__ import annotations

import ast
import io
import itertools
import json
import tokenize
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

import components
from sluice.errors import RepositoryError

__all__ = ["Call", "Name", "StackSource", "render"]

_WIDTH: Final = 100
_INDENT: Final = "    "
_BLOCKS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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
    inner = indent + len(_INDENT)
    opening, closing, items = _parts(value)
    lines = (
        f"{' ' * inner}{prefix}{render(item, inner, len(prefix))},\n" for prefix, item in items
    )
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


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


class StackSource:
    """The text of a file that defines an environment.

    Attributes:
        text: the file's text; each change returns a source with another one.

    Raises:
        RepositoryError: naming the file, where it is not Python or has not one class.

    """

    def __init__(self, text: str, *, where: str) -> None:
        """Parse the text of the file `where`, which defines one class."""
        self.text = text
        self._where = where
        self._lines = [f"{line}\n" for line in text.split("\n")]
        try:
            self._tree = ast.parse(text)
        except SyntaxError as error:
            raise RepositoryError(f"{where}:{error.lineno}: not Python: {error.msg}") from error
        classes = [node for node in self._tree.body if isinstance(node, ast.ClassDef)]
        if len(classes) != 1:
            raise RepositoryError(f"{where}: defines {len(classes)} classes; it has to define one")
        self._class = classes[0]

    def appended(self, attribute: str, value: Any) -> StackSource:
        """Add a value to a tuple of the class, which is made where it is not there.

        Raises:
            RepositoryError: where the attribute is no tuple or list.

        """
        code = render(value, len(_INDENT) * 2)
        statement = next((part for part in self._class.body if _assigns(part, attribute)), None)
        if statement is None:
            return self._with_attribute(attribute, _sequence("()", [code], len(f"{attribute} = ")))
        found = statement.value
        if not isinstance(found, (ast.Tuple, ast.List)) or not self._in_brackets(found):
            raise RepositoryError(
                f"{self._where}:{statement.lineno}: {attribute} is no tuple in parentheses; "
                f"add by hand: {code}"
            )
        return self._longer(found, code)

    def with_member(self, name: str, returns: str, value: Call) -> StackSource:
        """Add a member, which makes the value, at the class's end."""
        indent = _INDENT * 2
        made = render(value, len(indent), len("return "))
        code = f"\n{_INDENT}@member\n{_INDENT}def {name}(self) -> {returns}:\n"
        end = self._start((self._class.end_lineno or 0) + 1)
        wider = self._spliced(end, end, f"{code}{indent}return {made}\n")
        return wider.importing(wider.names & set(components.__all__))

    def defines(self, name: str) -> bool:
        """Whether the class itself defines a method of that name."""
        return any(getattr(part, "name", "") == name for part in self._class.body)

    def without_member(self, name: str) -> StackSource:
        """Remove a method with its comments, and the imports that nothing else uses."""
        method = next(
            part
            for part in self._class.body
            if isinstance(part, ast.FunctionDef) and part.name == name
        )
        first = self._first_line(method)
        while self._lines[first - 2].strip()[:1] in ("", "#"):
            first -= 1
        end = self._start((method.end_lineno or 0) + 1)
        without = self._spliced(self._start(first), end, self._rest)
        return without.importing(dropped=self.names - without.names)

    def without_element(self, attribute: str, value: str) -> StackSource:
        """Take a text out of a tuple of the class; the tuple goes with its last element."""
        statement = next((part for part in self._class.body if _assigns(part, attribute)), None)
        found = statement.value if statement else None
        if statement is None or not isinstance(found, (ast.Tuple, ast.List)):
            return self
        kept = [
            str(ast.get_source_segment(self.text, each))
            for each in found.elts
            if not (isinstance(each, ast.Constant) and each.value == value)
        ]
        if len(kept) == len(found.elts):
            return self
        if not kept:
            start, end = statement.lineno, (statement.end_lineno or 0) + 1
            return self._spliced(self._start(start), self._start(end), self._rest)
        start, end = self._span(found)
        brackets = self.text[start] + self.text[end - 1]
        written = _sequence(brackets, kept, found.col_offset - len(_INDENT))
        return self._spliced(start, end, written)

    def importing(
        self, names: Collection[str] = (), *, dropped: Collection[str] = ()
    ) -> StackSource:
        """Import these names of `components`, and the dropped ones no more."""
        found = [node for node in self._tree.body if _imports(node, "components")]
        present = {alias.asname or alias.name for node in found for alias in node.names}
        wanted = (present | set(names)) - set(dropped)
        if wanted == present or "*" in present:
            return self
        if not found:
            start = self._start(self._first_import())
            return self._spliced(start, start, _import(wanted))
        start, end = self._start(found[0].lineno), self._start((found[0].end_lineno or 0) + 1)
        return self._spliced(start, end, _import(wanted) if wanted else "")

    @property
    def names(self) -> set[str]:
        """The names that the file uses."""
        return {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}

    @property
    def _rest(self) -> str:
        """What takes the place of a statement of the class, which needs one."""
        return "" if len(self._class.body) > 1 else f"{_INDENT}pass\n"

    def _in_brackets(self, found: ast.Tuple | ast.List) -> bool:
        begins = [(each.lineno, each.col_offset) for each in found.elts]
        return (found.lineno, found.col_offset) not in begins

    def _longer(self, found: ast.Tuple | ast.List, code: str) -> StackSource:
        start, end = self._span(found)
        written = self.text[start:end]
        if found.lineno != found.end_lineno:
            return self._spliced(start, end, _with_line(written, code))
        elements = [str(ast.get_source_segment(self.text, each)) for each in found.elts]
        brackets = self.text[start] + self.text[end - 1]
        used = found.col_offset - len(_INDENT)
        return self._spliced(start, end, _sequence(brackets, [*elements, code], used))

    def _with_attribute(self, attribute: str, value: str) -> StackSource:
        body = self._class.body
        others = [part for part in body if not isinstance(part, _BLOCKS)]
        if not others:
            start = self._start(self._first_line(body[0]))
            return self._spliced(start, start, f"{_INDENT}{attribute} = {value}\n\n")
        start = self._start((others[-1].end_lineno or 0) + 1)
        blank = "\n" if isinstance(others[-1], ast.Expr) else ""  # a docstring
        return self._spliced(start, start, f"{blank}{_INDENT}{attribute} = {value}\n")

    def _first_line(self, statement: ast.stmt) -> int:
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        return min([statement.lineno, *(each.lineno for each in decorators)])

    def _first_import(self) -> int:
        """Return the line where an import of `components` belongs: before that of `stacks`."""
        imports = [
            part for part in self._tree.body if isinstance(part, (ast.Import, ast.ImportFrom))
        ]
        ours = [part for part in imports if _imports(part, "stacks")]
        if ours:
            return ours[0].lineno
        return (imports[-1].end_lineno or 0) + 1 if imports else self._class.lineno

    def _start(self, line: int) -> int:
        return sum(len(text) for text in self._lines[: line - 1])

    def _span(self, node: ast.expr) -> tuple[int, int]:
        end = self._offset(node.end_lineno or 0, node.end_col_offset or 0)
        return self._offset(node.lineno, node.col_offset), end

    def _offset(self, line: int, column: int) -> int:
        # The syntax tree counts bytes.
        return self._start(line) + len(self._lines[line - 1].encode()[:column].decode())

    def _spliced(self, start: int, end: int, new: str) -> StackSource:
        text = self.text[:start] + new + self.text[end:]
        return StackSource(text, where=self._where)


def _assigns(statement: ast.stmt, attribute: str) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and target.id == attribute for target in targets)


def _imports(statement: ast.stmt, package: str) -> TypeGuard[ast.ImportFrom]:
    if not isinstance(statement, ast.ImportFrom) or statement.module is None:
        return False
    whole = package == "components"  # its names are all imported from the package itself
    return statement.module == package or (not whole and statement.module.startswith(f"{package}."))


def _sequence(brackets: str, elements: Sequence[str], used: int) -> str:
    """Return a tuple's or list's text; `used` is what stands before it on its line."""
    single = "," if brackets == "()" and len(elements) == 1 else ""
    flat = f"{brackets[0]}{', '.join(elements)}{single}{brackets[1]}"
    if "\n" not in flat and len(_INDENT) + used + len(flat) <= _WIDTH:
        return flat
    lines = "".join(f"{_INDENT * 2}{element},\n" for element in elements)
    return f"{brackets[0]}\n{lines}{_INDENT}{brackets[1]}"


def _with_line(written: str, code: str) -> str:
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
    after = f"{tail if newline else _INDENT}{written[closing:]}"
    return f"{before}\n{_INDENT * 2}{code},\n{after}"


def _import(names: Collection[str]) -> str:
    # As the formatter sorts them: classes before functions.
    ordered = sorted(names, key=lambda name: (name[:1].islower(), name))
    flat = f"from components import {', '.join(ordered)}\n"
    if len(flat) <= _WIDTH + 1:
        return flat
    return "from components import (\n" + "".join(f"{_INDENT}{n},\n" for n in ordered) + ")\n"
