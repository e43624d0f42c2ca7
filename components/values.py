"""Values of a Helm release: merged as Helm merges them, outputs carried over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["has_null", "merge_values"]


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
