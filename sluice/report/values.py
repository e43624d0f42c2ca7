"""A field's values before and after, as a person reads them: short where they are long."""

from __future__ import annotations

import json
from typing import Any, Final

from sluice.diff.change import FieldDifference

__all__ = ["around", "as_text"]

_BEFORE: Final = 24
_ELLIPSIS: Final = "…"


def as_text(value: Any) -> str:
    """Return a value as text: itself where it is one, else as JSON; `none` where there is none."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False)


def around(field: FieldDifference, limit: int = 120) -> tuple[str, str]:
    """Return both values; of long ones what is around the first place where they differ."""
    before, after = as_text(field.before), as_text(field.after)
    if max(len(before), len(after)) <= limit:
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    same = next((index for index, (old, new) in pairs if old != new), min(len(before), len(after)))
    start = max(0, same - _BEFORE)
    return _part(before, start, limit), _part(after, start, limit)


def _part(value: str, start: int, limit: int) -> str:
    left = _ELLIPSIS if start else ""
    part = value[start : start + limit]
    return left + part + (_ELLIPSIS if start + limit < len(value) else "")
