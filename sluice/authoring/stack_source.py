"""A stack's program, changed as its author would: every byte that need not change is kept.

Pure: text in, text out. The syntax tree says where something stands, and only
that is written, in the formatter's style.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, Final, TypeGuard

import components
from sluice.authoring.python import INDENT, Call, import_line, render, sequence, with_line
from sluice.errors import RepositoryError

__all__ = ["StackSource"]

_BLOCKS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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
        code = render(value, len(INDENT) * 2)
        statement = next((part for part in self._class.body if _assigns(part, attribute)), None)
        if statement is None:
            return self._with_attribute(attribute, sequence("()", [code], len(f"{attribute} = ")))
        found = statement.value
        if not isinstance(found, (ast.Tuple, ast.List)) or not self._in_brackets(found):
            raise RepositoryError(
                f"{self._where}:{statement.lineno}: {attribute} is no tuple in parentheses; "
                f"add by hand: {code}"
            )
        return self._longer(found, code)

    def with_member(self, name: str, returns: str, value: Call) -> StackSource:
        """Add a member, which makes the value, at the class's end."""
        indent = INDENT * 2
        made = render(value, len(indent), len("return "))
        code = f"\n{INDENT}@member\n{INDENT}def {name}(self) -> {returns}:\n"
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
        written = sequence(brackets, kept, found.col_offset - len(INDENT))
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
            return self._spliced(start, start, import_line(wanted))
        start, end = self._start(found[0].lineno), self._start((found[0].end_lineno or 0) + 1)
        return self._spliced(start, end, import_line(wanted) if wanted else "")

    @property
    def names(self) -> set[str]:
        """The names that the file uses."""
        return {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}

    @property
    def _rest(self) -> str:
        """What takes the place of a statement of the class, which needs one."""
        return "" if len(self._class.body) > 1 else f"{INDENT}pass\n"

    def _in_brackets(self, found: ast.Tuple | ast.List) -> bool:
        begins = [(each.lineno, each.col_offset) for each in found.elts]
        return (found.lineno, found.col_offset) not in begins

    def _longer(self, found: ast.Tuple | ast.List, code: str) -> StackSource:
        start, end = self._span(found)
        written = self.text[start:end]
        if found.lineno != found.end_lineno:
            return self._spliced(start, end, with_line(written, code))
        elements = [str(ast.get_source_segment(self.text, each)) for each in found.elts]
        brackets = self.text[start] + self.text[end - 1]
        used = found.col_offset - len(INDENT)
        return self._spliced(start, end, sequence(brackets, [*elements, code], used))

    def _with_attribute(self, attribute: str, value: str) -> StackSource:
        body = self._class.body
        others = [part for part in body if not isinstance(part, _BLOCKS)]
        if not others:
            start = self._start(self._first_line(body[0]))
            return self._spliced(start, start, f"{INDENT}{attribute} = {value}\n\n")
        start = self._start((others[-1].end_lineno or 0) + 1)
        blank = "\n" if isinstance(others[-1], ast.Expr) else ""  # a docstring
        return self._spliced(start, start, f"{blank}{INDENT}{attribute} = {value}\n")

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
