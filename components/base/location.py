"""Where something is declared: the file and line outside this package that built it."""

from __future__ import annotations

import ast
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = [
    "attribute_line",
    "caller",
    "error_line",
    "frame_line",
    "function_line",
    "is_ours",
    "relative",
]

_HERE = str(Path(__file__).parents[1])


def caller() -> str:
    """Return `stacks/base.py:42` for the nearest line outside `components`, empty if none.

    The path is relative to the working directory where it lies below it.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame is not None:
        if not is_ours(frame):
            return frame_line(frame, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs code of this package, or code that is in no file."""
    return frame.f_code.co_filename.startswith((_HERE, "<"))


def frame_line(frame: FrameType, line: int) -> str:
    """Return a line of the file that a frame runs, as `file:line`."""
    return f"{relative(frame.f_code.co_filename)}:{line}"


def function_line(function: Callable[..., Any]) -> str:
    """Return where a function is defined, as `file:line`."""
    code = function.__code__
    return f"{relative(code.co_filename)}:{code.co_firstlineno}"


def error_line(error: BaseException, root: Path) -> str:
    """Return the last line below a folder that was run on the way to an error, as `file:line`.

    The error's own line, where none of the folder's was run.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    last = (own or frames)[-1]
    return f"{os.path.relpath(last.filename, root)}:{last.lineno}"


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
