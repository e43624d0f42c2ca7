"""Versions as they are written outside Git, read as Go's Masterminds/semver v3 reads them.

`semver` (python-semver) is strict, as the standard is; chart indexes and tags
are not. What is loose here is what `NewVersion` of that library accepts, and
nothing else; precedence stays python-semver's, which is the standard's.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from semver import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["nearest", "parse", "parse_tag"]

IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_LOOSE = re.compile(
    r"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?"
    rf"(?P<rest>(?:-{IDENTIFIERS})?(?:\+{IDENTIFIERS})?)",
)
_LARGEST = 2**64 - 1


def parse(text: str) -> Version | None:
    """Return the version that `text` means, or None where it means none.

    An optional `v`, missing minor and patch (`1` is 1.0.0) and leading zeros
    (`01.2.03` is 1.2.3) are accepted; a numeric prerelease part with a leading
    zero and a number above 64 bits are not. Answers to Go's `semver.NewVersion`.
    """
    match = _LOOSE.fullmatch(text)
    if match is None:
        return None
    try:
        numbers = [int(match[part] or 0) for part in ("major", "minor", "patch")]
        if max(numbers) > _LARGEST:
            return None
        return Version.parse(".".join(map(str, numbers)) + match["rest"])
    except ValueError:
        return None


def parse_tag(text: str) -> Version | None:
    """Return the version of a tag or chart, or None; it must have all three parts.

    Otherwise as `parse`. `1` and `v1.2` are floating names by convention, so
    Flux never selects them (`version.ParseVersion` in fluxcd/pkg).
    """
    return parse(text) if text.count(".") > 1 else None


def nearest(wanted: str, available: Iterable[str], count: int = 4) -> list[str]:
    """Return up to `count` of `available` around `wanted`, newest first, for an error message.

    Where `wanted` holds no version, the newest ones. What is not a version is left out.
    """
    known = sorted({text: found for text in available if (found := parse(text))}.items(), key=_key)
    number = re.search(r"[0-9]+(?:\.[0-9]+){0,2}", wanted)
    target = parse(number[0]) if number else None
    place = len(known) if target is None else bisect_left([found for _, found in known], target)
    first = max(0, min(place - count // 2, len(known) - count))
    return [text for text, _ in reversed(known[first : first + count])]


def _key(item: tuple[str, Version]) -> Version:
    return item[1]
