"""What every kind of lock entry shares: what was asked for, what it resolved to, when and why.

A kind is a pair of records: a `Request`, which a part of the program makes,
and a `LockEntry`, which answers it. Both name their keys in the file's order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from components.errors import DeclarationError

if TYPE_CHECKING:
    from components.lib.registry.signed_artifact import SignedArtifact
    from components.lib.signatures.verification import Trust

__all__ = ["LockEntry", "Request"]

E = TypeVar("E", bound="LockEntry")
_STAMP = ("updated", "reason")
_LAST = ("verified", *_STAMP)


@dataclass(frozen=True, kw_only=True)
class LockEntry(ABC):
    """What one name of the program stands for until the lock changes.

    The fields of a subclass are the keys of the file, in its order; the first
    of them are the request's. Those with a default may be missing.

    Attributes:
        name: the name of the part of the program that asks for it.
        verified: how its digest was verified; empty where that was not asked for.
        updated: the day on which the entry last changed.
        reason: why it did, in a line.

    """

    ASKED: ClassVar[tuple[str, ...]]
    """The keys that repeat the request; all but the last have to be the request's own."""

    name: str
    verified: str = ""
    updated: date = date.min
    reason: str = ""

    @property
    @abstractmethod
    def shown(self) -> str:
        """What it resolved to, as people name it."""

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys of the file, in its order."""
        own = [each.name for each in fields(cls) if each.name not in ("name", *_LAST)]
        return [*own, *_LAST]

    @classmethod
    def parse(cls, name: str, entry: Any) -> Self:
        """Read an entry of the file; raises DeclarationError naming the key that is wrong."""
        optional = {each.name for each in fields(cls) if each.default == ""} - {*_STAMP}
        texts: dict[str, Any] = _texts(entry, cls.keys(), optional)
        texts["updated"] = _day(texts["updated"])
        return cls(name=name, **texts)

    def is_same(self, other: LockEntry) -> bool:
        """Whether another entry resolved to the same, whatever was asked for."""
        resolved = [key for key in self.keys()[: -len(_STAMP)] if key not in self.ASKED]
        return self._agrees(other, resolved)

    def is_of(self, other: LockEntry) -> bool:
        """Whether another entry was asked of the same source."""
        return self._agrees(other, self.ASKED[:-1])

    def _agrees(self, other: LockEntry, keys: Iterable[str]) -> bool:
        return all(getattr(self, key) == getattr(other, key) for key in keys)

    def mismatch(self, request: Request[Any]) -> str:
        """Return why this entry does not answer a request, empty where it does."""
        asked = request.asked()
        for key in self.ASKED[:-1]:
            if getattr(self, key) != asked[key]:
                return f"its {key} is {getattr(self, key)}, not {asked[key]}"
        return request.objection(self) or self._unverified(request)

    def _unverified(self, request: Request[Any]) -> str:
        if self.verified == request.verified:
            return ""
        wanted = f"by {request.verified}" if request.verified else "no more"
        return f"it was verified by {self.verified or 'nothing'}, and is to be {wanted}"


@dataclass(frozen=True, kw_only=True)
class Request(ABC, Generic[E]):
    """What a part of the program asks the lock for. Raises DeclarationError where it is wrong.

    Attributes:
        name: the name of the part of the program, which is the lock entry's.
        verify: the signature that what it resolves to has to have; by default none.

    """

    SECTION: ClassVar[str]
    """The section of the lock file that answers it."""
    NOUN: ClassVar[str]
    """What people call it: `chart`."""

    name: str
    verify: Trust | None = None

    @property
    def verified(self) -> str:
        """How what it resolves to has to have been verified; empty where that is not asked for."""
        return str(self.verify or "")

    def check_signature(
        self, found: E, before: E | None, artifact: Callable[[], SignedArtifact]
    ) -> None:
        """Verify what was found, unless it was verified before.

        Raises ArtifactError where it is not signed as it has to be.
        """
        was_verified = before and found.is_same(before) and found.is_of(before)
        if self.verify is not None and not was_verified:
            self.verify.check(artifact())

    @abstractmethod
    def asked(self) -> Mapping[str, Any]:
        """Return the values of the entry's `ASKED` keys."""

    @abstractmethod
    def objection(self, entry: E) -> str:
        """Return why what an entry resolved to is not allowed, empty where it is."""


def _texts(entry: Any, keys: list[str], optional: set[str]) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise DeclarationError("it holds no keys and values")
    for key in [*keys, *entry]:
        if key not in keys:
            raise DeclarationError(f"the key {key!r} is unknown")
        if key not in entry and key not in optional:
            raise DeclarationError(f"the key {key!r} is missing")
        if key in entry and (not isinstance(entry[key], str) or not entry[key]):
            raise DeclarationError(f"{key} is not a text")
    return dict(entry)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DeclarationError(f"updated: {text!r} is not a day such as 2026-01-31") from None
