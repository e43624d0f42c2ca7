"""Empty values: what a manifest declares as false, zero, empty or null.

The API server does not store most of them, and Pulumi's provider does not even
send them; so a stack's state keeps them apart, each by the JSON pointer of its field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from components.lib.manifests.fields import is_output

__all__ = ["empty_values", "is_empty", "is_hollow", "pointer", "with_empty_values", "without_nulls"]

Path = tuple[str | int, ...]


def is_empty(value: Any) -> bool:
    """Whether a value is null, false, zero, or an empty text, list or map."""
    return value is None or (
        isinstance(value, (bool, int, float, str, list, tuple, Mapping)) and not value
    )


def is_hollow(value: Any) -> bool:
    """Whether a value is empty, or a map of nothing but such."""
    return is_empty(value) or (
        isinstance(value, Mapping) and all(is_hollow(inner) for inner in value.values())
    )


def without_nulls(value: Any) -> Any:
    """Return a value without the nulls in its maps."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def empty_values(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the empty values of a manifest, by JSON pointer; of outputs nothing is known."""
    return {pointer(path): value for path, value in _empty(manifest, ())}


def _empty(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if is_output(value):
        return
    if is_empty(value):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _empty(inner, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _empty(inner, (*path, index))


def with_empty_values(
    manifest: Mapping[str, Any], values: Mapping[str, Any], *, opaque: Callable[[Any], bool]
) -> dict[str, Any]:
    """Return the manifest with the empty values that it lacks, by their JSON pointers.

    In what is `opaque` nothing is put.
    """
    whole = dict(manifest)
    for each, value in values.items():
        _put(whole, _parts(each), value, opaque)
    return whole


def _put(holder: Any, parts: Sequence[str], value: Any, opaque: Callable[[Any], bool]) -> None:
    """Put a value into a map or a list, where a copy takes the place of what is on the way."""
    first, *rest = parts
    key: Any = int(first) if isinstance(holder, list) else first
    found = _at(holder, key)
    if not rest:
        if isinstance(holder, dict):
            holder.setdefault(key, value)
    elif isinstance(found, list):
        holder[key] = list(found)
        _put(holder[key], rest, value, opaque)
    elif found is None and isinstance(holder, dict):
        holder[key] = {}
        _put(holder[key], rest, value, opaque)
    elif isinstance(found, Mapping) and not opaque(found):
        holder[key] = dict(found)
        _put(holder[key], rest, value, opaque)


def _at(holder: Any, key: Any) -> Any:
    if isinstance(holder, list):
        return holder[key] if key < len(holder) else None
    return holder.get(key)


def pointer(path: Path) -> str:
    """Return a field's JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _parts(text: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]
