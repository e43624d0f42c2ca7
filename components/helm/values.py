"""Values of a Helm release: merged as Helm merges them, outputs carried over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from components.errors import DeclarationError

__all__ = ["has_null", "merge_values", "with_value"]

_STEP: Final = re.compile(r"(?P<name>(?:[^.\[\\]|\\.)+)(?P<indices>(?:\[\d+\])*)(?:\.|$)")
_WORDS: Final = {"true": True, "false": False, "null": None}
_WHOLE: Final = re.compile(r"-?[1-9]\d*|0")


def merge_values(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `over` over `base`: maps merge, everything else (null too) replaces."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both_maps = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge_values(below, value) if both_maps else value  # type: ignore[arg-type]
    return merged


def has_null(values: Any) -> bool:
    """Whether a null, which removes a chart's default, is anywhere in the values."""
    if isinstance(values, Mapping):
        return any(has_null(value) for value in values.values())
    if isinstance(values, (list, tuple)):
        return any(has_null(value) for value in values)
    return values is None


def with_value(values: Mapping[str, Any], path: str, text: str) -> dict[str, Any]:
    """Return the values with one more at a path, as `helm --set path=text` writes and reads it.

    `a.b[0].c` goes through maps and lists, `\\.` is a dot of a name. Text that
    is a whole number, `true`, `false` or `null` becomes one, unless it is in quotes.

    Raises:
        DeclarationError: where the path is none.

    """
    steps: list[str | int] = []
    end = 0
    while end < len(path):
        step = _STEP.match(path, end)
        if step is None:
            raise DeclarationError(f"{path!r} is not a path such as auth.password or hosts[0].name")
        steps.append(re.sub(r"\\(.)", r"\1", step["name"]))
        steps += [int(index) for index in re.findall(r"\d+", step["indices"])]
        end = step.end()
    changed: dict[str, Any] = _placed(values, steps, _typed(text))
    return changed


def _placed(value: Any, steps: list[str | int], leaf: Any) -> Any:
    if not steps:
        return leaf
    step, *rest = steps
    if isinstance(step, str):
        map_ = dict(value) if isinstance(value, Mapping) else {}
        return {**map_, step: _placed(map_.get(step), rest, leaf)}
    items = list(value) if isinstance(value, (list, tuple)) else []
    items += [None] * (step + 1 - len(items))
    items[step] = _placed(items[step], rest, leaf)
    return items


def _typed(text: str) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _WHOLE.fullmatch(text) else text
