"""Which tags a policy considers, and which part of them it compares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import re2

from components.errors import DeclarationError

__all__ = ["TagFilter", "pattern"]

# Go's `Regexp.Expand`: $$, $name (as long as it can be) or ${name}; names may be numbers.
_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<plain>\w+)|\{(?P<braced>\w+)\})", re.ASCII)


@dataclass(frozen=True)
class TagFilter:
    """Considers only tags that a pattern matches, compared by what is extracted from them.

    An invalid pattern raises DeclarationError at its first use. Answers to
    `filterTags` of Flux's ImagePolicy.

    Attributes:
        pattern: a regular expression in Go's syntax, found anywhere in the tag.
        extract: what is compared, with `$name`, `${name}` or `$1` for the
            pattern's groups; by default the whole tag.

    """

    pattern: str
    extract: str = ""

    def __str__(self) -> str:
        extracted = f"{self.extract} of " if self.extract else ""
        return f"{extracted}tags like {self.pattern}"

    def apply(self, tags: Iterable[str]) -> dict[str, str]:
        """Return the matching tags by what is compared; of several the last, as in Flux."""
        return {extracted: tag for tag in tags if (extracted := self.extracted(tag)) is not None}

    def extracted(self, tag: str) -> str | None:
        """Return what of a tag is compared, None where the pattern does not match."""
        match = self._pattern.search(tag)
        if match is None or not self.extract:
            return None if match is None else tag
        return _REFERENCE.sub(lambda reference: _group(match, reference), self.extract)

    @cached_property
    def _pattern(self) -> Any:
        return pattern(self.pattern)


def pattern(text: str) -> Any:
    """Compile a regular expression in Go's syntax; raises DeclarationError for an invalid one."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise DeclarationError(
            f"{text!r} is not a regular expression of Go's: {reason}; correct it"
        ) from None


def _group(match: Any, reference: re.Match[str]) -> str:
    """Return a group's text; one that does not exist or took no part is empty, as in Go."""
    if reference["dollar"]:
        return "$"
    name = reference["plain"] or reference["braced"]
    try:
        return match.group(int(name) if name.isdecimal() else name) or ""
    except IndexError:
        return ""
