"""What the engine's events say of an object's values: which fields change, from what to what.

The engine sends no secret value, only that there is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sluice.backend.secret_values import HIDDEN, is_secret
from sluice.diff.change import FieldDifference
from sluice.diff.difference import field_differences
from sluice.diff.masking import AFTER, BEFORE, MASK, Masks

__all__ = ["field_changes", "overlap", "shown"]

_QUOTED: Final = re.compile(r'\["([^"]*)"\]')
_BY_PLACE: Final = Masks(())


def shown(value: Any) -> Any:
    """Return an object's inputs with a mask in place of each secret."""
    if isinstance(value, Mapping):
        if is_secret(value):
            return MASK
        return {key: shown(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return MASK if value == HIDDEN else value


def field_changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, paths: Sequence[str]
) -> tuple[FieldDifference, ...]:
    """Return the fields that differ between an object's inputs as they are `shown`.

    `paths` are those that the engine names: they tell that a secret changes.
    """
    pair = _BY_PLACE.pair(before, after)
    found = list(field_differences(*pair)) if before is not None and after is not None else []
    told = [path for path, *_ in found]
    for path in paths:
        if not any(overlap(path, each) for each in told):
            hidden = MASK in (_at(before, path), _at(after, path))
            found.append((path, BEFORE, AFTER) if hidden else (path, None, None))
    return tuple(FieldDifference(*each) for each in sorted(found, key=lambda each: each[0]))


def overlap(path: str, other: str) -> bool:
    """Whether two paths are the same, or one is below the other, however each is written."""
    longer, shorter = sorted((_plain(path), _plain(other)), key=len, reverse=True)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))


def _plain(path: str) -> str:
    return _QUOTED.sub(r".\1", path).lstrip(".")


def _at(side: Any, path: str) -> Any:
    """Return what stands at a path; a mask where one stands above it."""
    for key in re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', path):
        quoted, index, name = key
        if isinstance(side, list) and index and int(index) < len(side):
            side = side[int(index)]
        elif isinstance(side, Mapping):
            side = side.get(quoted or name or index)
        else:
            return side
    return side
