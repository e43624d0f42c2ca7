"""A declaration that gives a typed argument a field which it does not have, as a sentence."""

from __future__ import annotations

import difflib
import inspect
import re
import traceback
from types import FrameType

from components.base.location import frame_line, is_ours
from components.errors import DeclarationError

__all__ = ["wrong_call"]

_UNKNOWN = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
_MISSING = re.compile(r"(\w+)\.__init__\(\) missing \d+ required [\w-]+ arguments?: (.+)")


def wrong_call(error: TypeError) -> DeclarationError | None:
    """Return the error for a call with unknown or missing arguments; None for any other error."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    if is_ours(frame):
        return None
    where = frame_line(frame, line)
    if unknown := _UNKNOWN.search(str(error)):
        kind, name = unknown.groups()
        close = difflib.get_close_matches(name, _arguments(kind, frame), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return DeclarationError(f"{where}: {kind} has no argument {name!r}{hint}")
    if missing := _MISSING.search(str(error)):
        return DeclarationError(f"{where}: {missing[1]} needs {missing[2].replace(chr(39), '')}")
    return None


def _arguments(kind: str, frame: FrameType) -> list[str]:
    found = frame.f_locals.get(kind, frame.f_globals.get(kind))
    return list(inspect.signature(found).parameters) if inspect.isclass(found) else []
