"""The next lock: what is missing resolved, what is named upgraded, the rest kept.

Pure but for the look-ups that it is given; `sluice lock` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from components.errors import DeclarationError
from components.lib.locks.lock import SECTIONS, Lock
from components.lib.locks.lock_entry import LockEntry, Request

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Change", "LookUp", "changes", "names", "resolve"]

LookUp = Callable[[Any, Any], LockEntry]
"""Answers a request with the newest allowed; it is given the entry that there is, or None.

Raises ArtifactError for what cannot be had. Called from several threads.
"""

_Key = tuple[str, str]
_AT_ONCE = 16


@dataclass(frozen=True)
class Change:
    """A row of what a new lock changes.

    Attributes:
        section: the lock's section: `charts`, `images`, `sources`, `bases`.
        name: the entry's name.
        old: what was locked; None for a new entry.
        new: what is locked; None for a dropped one.
        why: the reason, in a line.

    """

    section: str
    name: str
    old: str | None
    new: str | None
    why: str


def resolve(
    requests: Iterable[Request[Any]],
    current: Lock,
    look_ups: Mapping[str, LookUp],
    today: date,
    upgrade: Collection[str] = (),
) -> Lock:
    """Return the lock that answers every request, and nothing else.

    `look_ups` has one for each section that is asked for. An entry that still
    fits is kept without a look-up; one that is missing, for another source or
    not allowed any more gets the newest allowed. So does each name in
    `upgrade`, such as `redis` or, of one section alone, `charts/redis`; to
    upgrade all, name all. An entry that comes out the same keeps its day and
    reason.

    Raises DeclarationError for a name that is requested twice, ArtifactError
    for what no source can provide.
    """
    wanted = _by_key(requests)

    def next_entry(key: _Key) -> LockEntry:
        section, name = key
        before = current.entries[section].get(name)
        kept = before and not {name, f"{section}/{name}"} & {*upgrade}
        if before and kept and not before.mismatch(wanted[key]):
            return _asked_anew(wanted[key], before, today)
        return _stamped(before, look_ups[section](wanted[key], before), today)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        entries = dict(zip(wanted, pool.map(next_entry, wanted), strict=True))
    return Lock.of(
        {
            section: {name: entries[kind, name] for kind, name in entries if kind == section}
            for section in SECTIONS
        }
    )


def names(requests: Iterable[Request[Any]]) -> set[str]:
    """Return the names that `upgrade` may hold: `redis` and `charts/redis`."""
    wanted = _by_key(requests)
    return {name for _, name in wanted} | {f"{section}/{name}" for section, name in wanted}


def changes(old: Lock, new: Lock) -> list[Change]:
    """Return what differs between two locks, sorted by section and name."""
    before, after = _flat(old), _flat(new)
    keys = sorted(before.keys() | after.keys())
    return [
        _change(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _flat(lock: Lock) -> dict[_Key, LockEntry]:
    return {
        (section, name): entry
        for section, entries in lock.entries.items()
        for name, entry in entries.items()
    }


def _by_key(requests: Iterable[Request[Any]]) -> dict[_Key, Request[Any]]:
    wanted: dict[_Key, Request[Any]] = {}
    for request in requests:
        if wanted.setdefault((request.SECTION, request.name), request) != request:
            raise DeclarationError(
                f"Two {request.SECTION} are asked for by the name {request.name!r}; rename one.",
            )
    return dict(sorted(wanted.items()))


def _asked_anew(request: Request[Any], current: LockEntry, today: date) -> LockEntry:
    """Note a new range or policy that what is locked satisfies as well."""
    return _stamped(current, replace(current, **request.asked()), today)


def _stamped(before: LockEntry | None, found: LockEntry, today: date) -> LockEntry:
    reason = _reason(before, found)
    if before and not reason:
        return before
    return replace(found, updated=today, reason=reason)


def _reason(before: LockEntry | None, after: LockEntry) -> str:
    """Return why the entry changes, empty where it does not."""
    if before is None:
        return "first locked"
    changed = [key for key in after.keys()[:-2] if getattr(before, key) != getattr(after, key)]
    if not changed:
        return ""
    first = changed[0]
    if first in after.ASKED:
        step = _step(before.shown, after.shown)
        return f"{first} {getattr(before, first)} -> {getattr(after, first)}: {step}"
    if before.shown != after.shown:
        asked = getattr(after, after.ASKED[-1])
        return f"{asked}: {_step(before.shown, after.shown)}"
    if first == "digest":
        return f"{after.shown} was published anew"
    return f"{after.shown}: {first} {getattr(after, first) or 'no more'}"


def _step(before: str, after: str) -> str:
    return f"{before} -> {after}" if before != after else f"still {after}"


def _change(key: _Key, before: LockEntry | None, after: LockEntry | None) -> Change:
    old = before.shown if before else None
    if after is None:
        return Change(*key, old, None, "no longer requested")
    return Change(*key, old, after.shown, after.reason)
