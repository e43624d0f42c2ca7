"""Text from a program, put into Markdown so that it stays text, whatever is in it.

Gitea makes links, mentions, references and closing keywords of plain text: some of the
comment's source, where a special character is written as HTML's number for it; some
of what that is shown as, where it is taken apart by `<wbr>`, which is not seen. Of what
is code it makes none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["code", "shortened", "text"]

_SPECIAL: Final = re.compile(r"[^A-Za-z0-9 .,/()%=+;-]")
# A mention, an issue, a pull request, an emoji or a URL.
_BEGINS: Final = re.compile("|".join(f"&#{ord(each)};" for each in "@#!:"))
_WWW: Final = re.compile(r"www\.", re.IGNORECASE)
_ELLIPSIS: Final = "…"


def text(value: str, limit: int = 300) -> str:
    """Return a value on one line, as Markdown that shows exactly it, or its beginning."""
    return _BEGINS.sub(r"\g<0><wbr>", _numbers(value, limit))


def code(value: str, limit: int = 160) -> str:
    """Return the same as code."""
    return f"<code>{_numbers(value, limit)}</code>"


def shortened(value: str, limit: int) -> str:
    """Return a value, or its beginning and an ellipsis where it is longer than `limit`."""
    return value if len(value) <= limit else value[: limit - 1] + _ELLIPSIS


def _numbers(value: str, limit: int) -> str:
    return _WWW.sub("www&#46;", _SPECIAL.sub(_numbered, shortened(value, limit)))


def _numbered(match: re.Match[str]) -> str:
    each = match[0]
    if each == "\n":
        return "⏎"
    if each.isascii() and each.isprintable():
        return f"&#{ord(each)};"
    # What is not seen, such as a change of the writing direction, is shown by its number.
    hidden = unicodedata.category(each) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
    return f"U+{ord(each):04X}" if hidden else each
