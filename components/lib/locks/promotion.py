"""Promotion: a stack's lock entries, carried to the next stack. Pure.

The target keeps its own requests: the range of a chart, the policy of an
image. What those do not allow is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from components.errors import DeclarationError
from components.lib.locks.lock import Lock
from components.lib.locks.lock_entry import LockEntry, Request

__all__ = ["Promoted", "Promotion", "promotion"]

_Key = tuple[str, str]


@dataclass(frozen=True)
class Promoted:
    """An entry that is carried.

    Attributes:
        section: the lock's section, such as `images`.
        old: the target's entry before; None where it had none.
        new: the target's entry afterwards.

    """

    section: str
    old: LockEntry | None
    new: LockEntry

    @property
    def name(self) -> str:
        """What people call it: `images/app`."""
        return f"{self.section}/{self.new.name}"


@dataclass(frozen=True)
class Promotion:
    """What a promotion does.

    Attributes:
        lock: the target's lock afterwards.
        carried: the entries that change.
        left: why an entry is not carried, by name, such as `charts/redis`.

    """

    lock: Lock
    carried: list[Promoted]
    left: Mapping[str, str]


def promotion(
    source: Lock,
    target: Lock,
    requests: Iterable[Request[Any]],
    names: Collection[str],
    *,
    stacks: tuple[str, str],
    today: date,
) -> Promotion:
    """Return what carrying a lock's entries to another does, each with the other's own request.

    `requests` are the target's, `names` such as `redis` or `charts/redis`; all
    that both stacks have where none is named. `stacks` are source and target.

    Raises:
        DeclarationError: where one that is named cannot be carried, and why.

    """
    wanted = {(each.SECTION, each.name): each for each in requests}
    chosen = _chosen(source, wanted, names, stacks)
    carried: list[Promoted] = []
    left: dict[str, str] = {}
    for key in chosen:
        old = target.entries[key[0]].get(key[1])
        new = _asked_by(wanted[key], source.entries[key[0]][key[1]])
        objection = new.mismatch(wanted[key])
        if objection:
            left["/".join(key)] = objection
        elif old is None or old.mismatch(wanted[key]) or not old.is_same(new):
            step = f"{old.shown} -> {new.shown}" if old else new.shown
            stamped = replace(new, updated=today, reason=f"promoted from {stacks[0]}: {step}")
            carried.append(Promoted(key[0], old, stamped))
    if names and left:
        name, why = next(iter(left.items()))
        raise DeclarationError(f"{name} of {stacks[0]} cannot go to {stacks[1]}: {why}")
    return Promotion(_with(target, carried), carried, left)


def _chosen(
    source: Lock,
    wanted: Mapping[_Key, Request[Any]],
    names: Collection[str],
    stacks: tuple[str, str],
) -> list[_Key]:
    there = [(section, name) for section, entries in source.entries.items() for name in entries]
    both = sorted(key for key in there if key in wanted)
    for name in names:
        if not any(_is_named(key, name) for key in both):
            known = ", ".join("/".join(key) for key in both)
            raise DeclarationError(
                f"{stacks[0]} and {stacks[1]} have no {name!r} locked in common; there are: {known}"
            )
    return [key for key in both if not names or any(_is_named(key, name) for name in names)]


def _is_named(key: _Key, name: str) -> bool:
    return name in (key[1], "/".join(key))


def _asked_by(request: Request[Any], entry: LockEntry) -> LockEntry:
    """Return an entry with what is asked for by the target, where that is the same thing."""
    asked = request.asked()
    if any(getattr(entry, key) != asked[key] for key in entry.ASKED[:-1]):
        return entry
    return replace(entry, **{entry.ASKED[-1]: asked[entry.ASKED[-1]]})


def _with(target: Lock, carried: Iterable[Promoted]) -> Lock:
    entries = {section: dict(found) for section, found in target.entries.items()}
    for each in carried:
        entries[each.section][each.new.name] = each.new
    return Lock.of(entries)
