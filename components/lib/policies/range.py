"""Version ranges as Flux and Helm read them: the syntax of Go's Masterminds/semver v3.

Neither npm's nor PEP 440's. Comparators `= != > < >= => <= =< ~ ~> ^`, hyphen
ranges, wildcards `x X *`; a comma or a space is AND, `||` is OR. A prerelease
is only considered where its AND group names one (`>=1.2.0-0`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.errors import DeclarationError
from components.lib.policies.versions import IDENTIFIERS, parse, parse_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from semver import Version

__all__ = ["Range", "newest"]

# A part may hold what no version allows ("1|2"): it is refused when it is read, as in Go.
_PART = r"[0-9xX*|]+"
_TAIL = rf"(?:-{IDENTIFIERS})?(?:\+{IDENTIFIERS})?"
_VERSION = rf"v?{_PART}(?:\.{_PART}){{0,2}}{_TAIL}"
_OPERATOR = r"(?:!=|>=|=>|<=|=<|~>|[=><~^])?"
_COMPARATOR = rf"{_OPERATOR} ?{_VERSION}"
_SPACES = re.compile(r"[\t\n\f\r ]+")
_HYPHEN_RANGE = re.compile(rf" ?({_VERSION}) - ({_VERSION}) ?")
_GROUP = re.compile(rf"{_COMPARATOR}(?:(?: ?, ?| ){_COMPARATOR})*")
_COMPARATORS = re.compile(
    rf"(?P<operator>{_OPERATOR}) ?(?P<version>v?(?P<major>{_PART})(?:\.(?P<minor>{_PART}))?"
    rf"(?:\.(?P<patch>{_PART}))?(?P<prerelease>-{IDENTIFIERS})?(?:\+{IDENTIFIERS})?)",
)
# How many parts a comparator gives before a wildcard: `1`, `1.2`, `1.2.3`.
_MAJOR, _MINOR, _PATCH = 1, 2, 3
_WILDCARDS = frozenset({"x", "X", "*", None})


@dataclass(frozen=True)
class _Comparator:
    """One operator and version; `given` counts the parts before a wildcard (`1.2.x`: 2)."""

    operator: str
    version: Version
    given: int

    def allows(self, version: Version) -> bool:
        return _RULES[self.operator](version, self)


@dataclass(frozen=True)
class _Group:
    """Comparators that must all allow a version."""

    comparators: tuple[_Comparator, ...]

    def allows(self, version: Version) -> bool:
        if version.prerelease and not any(c.version.prerelease for c in self.comparators):
            return False
        return all(comparator.allows(version) for comparator in self.comparators)


@dataclass(frozen=True)
class Range:
    """A version range; make it with `Range.parse`.

    Answers to `version` of Flux's HelmRelease chart, `semver` of its
    OCIRepository and `policy.semver.range` of its ImagePolicy.
    """

    text: str
    groups: tuple[_Group, ...]

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read a range such as `12.x` or `>=1.0.0 <2.0.0 || ^3.1`.

        Raises DeclarationError where Go's `semver.NewConstraint` refuses it,
        the empty text included.
        """
        spaced = _SPACES.sub(" ", text)
        rewritten = _HYPHEN_RANGE.sub(r">= \1, <= \2 ", spaced)
        return cls(text, tuple(_group(part.strip(" "), text) for part in rewritten.split("||")))

    def allows(self, version: str) -> bool:
        """Whether `version` (an optional `v`, missing parts allowed) lies in the range."""
        found = parse(version)
        return found is not None and self._allows(found)

    def newest(self, versions: Iterable[str]) -> str | None:
        """Return the newest of `versions` in the range as it is written there, or None.

        Only complete versions are candidates (`1.2` is not one, as in Flux);
        the first of several that differ in build metadata alone wins.
        """
        found = ((parse_tag(text), text) for text in versions)
        allowed = [(version, text) for version, text in found if version and self._allows(version)]
        return max(allowed, key=lambda pair: pair[0])[1] if allowed else None

    def _allows(self, version: Version) -> bool:
        return any(group.allows(version) for group in self.groups)


def newest(range_text: str, versions: Iterable[str]) -> str | None:
    """Return the newest of `versions` in the range, or None; see `Range`.

    Raises DeclarationError for an invalid range.
    """
    return Range.parse(range_text).newest(versions)


def _group(part: str, text: str) -> _Group:
    if not _GROUP.fullmatch(part):
        raise _invalid(text)
    return _Group(tuple(_comparator(match, text) for match in _COMPARATORS.finditer(part)))


def _comparator(match: re.Match[str], text: str) -> _Comparator:
    parts = [match["major"], match["minor"], match["patch"]]
    given = next((place for place, part in enumerate(parts) if part in _WILDCARDS), _PATCH)
    floor = ".".join([*parts[:given], "0", "0", "0"][:3]) + (match["prerelease"] or "")
    version = parse(floor if given < len(parts) else match["version"])
    if version is None:
        raise _invalid(text)
    return _Comparator(match["operator"], version, given)


def _invalid(text: str) -> DeclarationError:
    return DeclarationError(
        f"{text!r} is not a version range; write one such as '12.x', '>=1.0.0 <2.0.0' or '1.2.3'.",
    )


def _release(version: Version, parts: int) -> tuple[int, ...]:
    return (version.major, version.minor, version.patch)[:parts]


def _same(version: Version, comparator: _Comparator, parts: int) -> bool:
    return _release(version, parts) == _release(comparator.version, parts)


def _not_equal(version: Version, comparator: _Comparator) -> bool:
    if comparator.given not in (_MAJOR, _MINOR):
        return version != comparator.version
    if not _same(version, comparator, comparator.given):
        return True
    prerelease = comparator.version.prerelease
    return comparator.given == _MINOR and version.prerelease != prerelease


def _greater(version: Version, comparator: _Comparator) -> bool:
    """`>11` is above every 11.x, `>11.1` above every 11.1.x."""
    if comparator.given in (_MAJOR, _MINOR):
        return _release(version, comparator.given) > _release(comparator.version, comparator.given)
    return version > comparator.version


def _less(version: Version, comparator: _Comparator) -> bool:
    return version < comparator.version


def _at_least(version: Version, comparator: _Comparator) -> bool:
    return version >= comparator.version


def _at_most(version: Version, comparator: _Comparator) -> bool:
    """`<=1` takes in every 1.x, `<=1.4` every 1.4.x, and `<=*`, oddly, every 0.0.x."""
    if comparator.given == _PATCH:
        return version <= comparator.version
    parts = comparator.given or _MINOR
    return _release(version, parts) <= _release(comparator.version, parts)


def _tilde(version: Version, comparator: _Comparator) -> bool:
    """`~1` is 1.x.x, `~1.2` and `~1.2.3` stay in 1.2.x, `~0.0.0` and `~*` have no upper end."""
    if version < comparator.version:
        return False
    if comparator.given in (0, _PATCH) and _release(comparator.version, _PATCH) == (0, 0, 0):
        return True
    return _same(version, comparator, _MAJOR if comparator.given == _MAJOR else _MINOR)


def _equal(version: Version, comparator: _Comparator) -> bool:
    """`1.2.3` is that version, `1.2` and `1.x` are tilde ranges."""
    if comparator.given < _PATCH:
        return _tilde(version, comparator)
    return version == comparator.version


def _caret(version: Version, comparator: _Comparator) -> bool:
    """The leftmost part that is not zero stays: `^1.2.3` in 1.x, `^0.2.3` in 0.2.x, `^0.0.3`."""
    low, given = comparator.version, comparator.given
    if low.major or given == _MAJOR:
        kept = _MAJOR
    else:
        kept = _MINOR if low.minor or given == _MINOR else _PATCH
    return version >= low and _same(version, comparator, kept)


_RULES: dict[str, Callable[[Version, _Comparator], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": _less,
    ">=": _at_least,
    "=>": _at_least,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
