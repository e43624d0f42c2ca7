"""Keeping secret values out of what is shown, wherever they have come to stand.

A Secret's values are hidden by their place, everything else by what the
program, the configuration and the state have marked as secret.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

__all__ = ["AFTER", "BEFORE", "MASK", "Masks"]

# As kubectl writes them.
MASK: Final = "***"
BEFORE: Final = "*** (before)"
AFTER: Final = "*** (after)"
# Shorter ones are hidden where they are all of a value; within others they stand by chance.
_SHORT = 4
_FIELDS_OF_SECRETS = ("data", "stringData")


class _Absent:
    """Stands for what is not there."""


_ABSENT: Final = _Absent()


class Pair(NamedTuple):
    """Both sides of a comparison."""

    before: Any
    after: Any


class Masks:
    """Hides the given values, also within others, encoded or by the line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the values in clear."""
        known = {form for secret in secrets if secret for form in _forms(secret)}
        self._short = {form for form in known if len(form) < _SHORT}
        long = sorted(known - self._short, key=len, reverse=True)
        self._long = re.compile("|".join(map(re.escape, long))) if long else None

    def text(self, text: str, instead: str = MASK) -> str:
        """Return the text without the values."""
        if text in self._short:
            return instead
        return self._long.sub(lambda _: instead, text) if self._long else text

    def one(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Return a manifest without secret values."""
        masked: dict[str, Any] = self.pair(manifest, None).before
        return masked

    def pair(self, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Pair:
        """Return both states of an object without secret values, and with whether those differ."""
        sides = [_ABSENT if side is None else side for side in (before, after)]
        kinds = [side.get("kind") for side in (before, after) if side is not None]
        pair = self._pair(*sides)
        if "Secret" in kinds:
            for field in _FIELDS_OF_SECRETS:
                pair = _with_hidden(field, pair, *sides)
        return Pair(*(None if side is _ABSENT else side for side in pair))

    def _pair(self, before: Any, after: Any) -> Pair:
        if _either(Mapping, before, after):
            return self._maps(before, after)
        if _either(list, before, after):
            return self._lists(before, after)
        return self._leaves(before, after)

    def _maps(self, before: Any, after: Any) -> Pair:
        pairs = {
            key: self._pair(_at(before, key), _at(after, key))
            for key in dict.fromkeys((*_keys(before), *_keys(after)))
        }
        return Pair(
            *(
                {key: pair[side] for key, pair in pairs.items() if pair[side] is not _ABSENT}
                if isinstance(whole, Mapping)
                else _ABSENT
                for side, whole in enumerate((before, after))
            )
        )

    def _lists(self, before: Any, after: Any) -> Pair:
        left, right = _items(before), _items(after)
        keys = [_names(left), _names(right)]
        pairs = {
            key: self._pair(keys[0].get(key, _ABSENT), keys[1].get(key, _ABSENT))
            for key in (*keys[0], *keys[1])
        }
        return Pair(
            *(
                [pairs[key][side] for key in keys[side]] if isinstance(whole, list) else _ABSENT
                for side, whole in enumerate((before, after))
            )
        )

    def _leaves(self, before: Any, after: Any) -> Pair:
        if not self._hides(before) and not self._hides(after):
            return Pair(before, after)
        if before == after:
            return Pair(*[self._shown(before, MASK)] * 2)
        if before is _ABSENT or after is _ABSENT:
            return Pair(self._shown(before, MASK), self._shown(after, MASK))
        # What stood where a secret stands now was one too.
        hidden = self._shown(before, BEFORE) if self._hides(before) else BEFORE
        return Pair(hidden, self._shown(after, AFTER))

    def _hides(self, leaf: Any) -> bool:
        return leaf is not _ABSENT and self.text(str(leaf)) != str(leaf)

    def _shown(self, leaf: Any, instead: str) -> Any:
        return self.text(str(leaf), instead) if self._hides(leaf) else leaf


def _with_hidden(field: str, pair: Pair, before: Any, after: Any) -> Pair:
    """Return the pair with every value of a Secret's field hidden."""
    values = [_at(side, field) for side in (before, after)]
    masked = list(pair)
    for side, instead in enumerate((BEFORE, AFTER)):
        if not isinstance(values[side], Mapping):
            continue
        other = values[1 - side] if isinstance(values[1 - side], Mapping) else {}
        hidden = {
            key: instead if key in other and other[key] != value else MASK
            for key, value in values[side].items()
        }
        masked[side] = {**masked[side], field: hidden}
    return Pair(*masked)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield base64.b64encode(secret.encode()).decode()
    lines = [line.strip() for line in secret.splitlines()]
    # A file's lines are indented where it is put into another.
    yield from (line for line in lines if len(lines) > 1 and len(line) > _SHORT)


def _either(kind: type, before: Any, after: Any) -> bool:
    sides = [side for side in (before, after) if side is not _ABSENT]
    return all(isinstance(side, kind) for side in sides)


def _keys(side: Any) -> Sequence[Any]:
    return list(side) if isinstance(side, Mapping) else []


def _at(side: Any, key: Any) -> Any:
    return side.get(key, _ABSENT) if isinstance(side, Mapping) else _ABSENT


def _items(side: Any) -> list[Any]:
    return side if isinstance(side, list) else []


def _names(items: Sequence[Any]) -> dict[Any, Any]:
    """Return the items by name where each has one of its own, else by place."""
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    if None in names or len(set(names)) < len(names):
        return dict(enumerate(items))
    return dict(zip(names, items, strict=True))
