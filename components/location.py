"""Where something is declared: the file and line outside this package that built it."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["attribute_line", "caller", "function_line", "relative"]

_HERE = str(Path(__file__).parent)


def caller() -> str:
    """Return `stacks/base.py:42` for the nearest line outside `components`, empty if none.

    The path is relative to the working directory where it lies below it.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((_HERE, "<")):
            return f"{relative(name)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def function_line(function: Callable[..., Any]) -> str:
    """Return where a function is defined, as `file:line`."""
    code = function.__code__
    return f"{relative(code.co_filename)}:{code.co_firstlineno}"


def attribute_line(cls: type, name: str) -> str:
    """Return where a class sets an attribute, as `file:line`; the class's line if not found."""
    file = Path(inspect.getfile(cls))
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            lines = [part.lineno for part in node.body if name in _targets(part)]
            return f"{relative(str(file))}:{[*lines, node.lineno][0]}"
    return relative(str(file))


def _targets(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def relative(name: str) -> str:
    """Return a file's path from the working directory, where it lies below it."""
    path = Path(name)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else name
