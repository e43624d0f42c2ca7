"""What is declared beside what is live, field by field.

`suspects` is quick and asks nobody: it may name a field that differs only in
how it is written, never the other way round. `compared` compares two
objects that the API server has written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from components.lib.manifests.empty import is_empty
from sluice.backend.secret_values import is_secret
from sluice.kubernetes.managed_fields import Fields, Owners, Path, below, is_whole

__all__ = ["ABSENT", "Suspect", "compared", "suspects", "value_at"]

ABSENT: Final = object()
"""In the place of a value that is not there."""

_SERVERS = {
    ("apiVersion",),
    ("kind",),
    ("status",),
    ("metadata", "creationTimestamp"),
    ("metadata", "generation"),
    ("metadata", "managedFields"),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "resourceVersion"),
    ("metadata", "selfLink"),
    ("metadata", "uid"),
}
# Everybody adds to these: an object that declares them empty does not mean to forbid it.
_OPEN: Final = {
    ("metadata", "annotations"),
    ("metadata", "finalizers"),
    ("metadata", "labels"),
    ("metadata", "ownerReferences"),
}
# Never one value, whoever owns what is in it.
_MAPS: Final = {(), ("metadata",)}
# Declared empty, it is a place that a program fills once it has made its certificate.
_FILLED_LATER: Final = "caBundle"
_SCALE: Final = {
    **{name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", 1)},
    **{f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", 1)},
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}


def value_at(manifest: Any, path: Path) -> Any:
    """Return the value of a field; `ABSENT` where there is none."""
    for part in path:
        if isinstance(part, int):
            inside = isinstance(manifest, list) and part < len(manifest)
        else:
            inside = isinstance(manifest, Mapping) and part in manifest
        if not inside:
            return ABSENT
        manifest = manifest[part]
    return manifest


class Suspect(NamedTuple):
    """A declared field whose live value may not be the declared one.

    Attributes:
        path: where it is declared.
        where: where it is live, which in a list may be another position.

    """

    path: Path
    where: Path

    def inside(self, part: str | int, live: str | int) -> Suspect:
        """Return a field of this one."""
        path = (*self.path, part)
        is_same = self.path is self.where and part == live
        return Suspect(path, path if is_same else (*self.where, live))


_ROOT: Final = Suspect((), ())


def suspects(
    declared: Mapping[str, Any], live: Mapping[str, Any], owners: Owners
) -> Iterator[Suspect]:
    """Yield the declared fields whose live value may not be the declared one.

    A secret is compared by what we own alone. What is declared as empty, and
    is not, the API server may have filled in itself, unless others own it.
    """
    for key, value in declared.items():
        if key == "stringData":
            yield from _suspect_texts(value, live, owners.ours)
        else:
            found = live.get(key, ABSENT)
            yield from _suspects(value, found, owners.below(key), _ROOT.inside(key, key))


def _suspects(declared: Any, live: Any, owners: Owners, at: Suspect) -> Iterator[Suspect]:
    if at.path in _SERVERS:
        return
    if declared and isinstance(declared, (str, int, float)):
        if not _is_same(declared, live, owners.ours):
            yield at
    elif is_secret(declared):
        # What is in a hidden map or list only the plain text tells.
        inside = isinstance(live, (Mapping, list)) and not is_whole(owners.ours)
        if live is ABSENT or not owners.ours or inside:
            yield at
    elif is_empty(declared):
        is_open = at.path in _OPEN or at.path[-1] == _FILLED_LATER
        if not is_open and _may_be_filled(declared, live, owners):
            yield at
    elif isinstance(declared, Mapping):
        yield from _suspect_map(declared, live, owners, at)
    else:
        yield from _suspect_list(declared, live, owners, at)


def _may_be_filled(declared: Any, live: Any, owners: Owners) -> bool:
    """Whether something may be in the place of an empty value, or the empty value be gone."""
    if live is ABSENT or live is None:
        return declared is not None
    if _is_same(declared, live, owners.ours):
        return False
    is_scalar = declared is not None and not isinstance(declared, (Mapping, list))
    is_default = bool(owners.kubernetes or (owners.ours and not is_scalar))
    return bool(owners.others) or not is_default


def _suspect_map(
    declared: Mapping[str, Any], live: Any, owners: Owners, at: Suspect
) -> Iterator[Suspect]:
    if not isinstance(live, Mapping):
        if not (live is ABSENT and all(value is None for value in declared.values())):
            yield at
        return
    is_one_value = at.path not in _MAPS and not owners.ours
    if is_one_value and live.keys() - declared.keys():
        yield at  # where it is one value, adding to it has taken it from us
        return
    for key, value in declared.items():
        found = live.get(key, ABSENT)
        yield from _suspects(value, found, owners.below(key), at.inside(key, key))


def _suspect_list(
    declared: Sequence[Any], live: Any, owners: Owners, at: Suspect
) -> Iterator[Suspect]:
    if not isinstance(live, list):
        yield at
        return
    merges = any(key[:2] in ("k:", "v:") for fields in owners.ours for key in fields)
    if len(live) != len(declared) and not merges:
        yield at
        return
    for index, value in enumerate(declared):
        places = _candidates(index, value, live, merges=merges)
        inner = owners.item(value) if isinstance(value, Mapping) else owners
        found = [list(_suspects(value, live[n], inner, at.inside(index, n))) for n in places]
        if not any(not each for each in found):
            yield from min(found, key=len, default=[at.inside(index, index)])


def _candidates(index: int, value: Any, live: Sequence[Any], *, merges: bool) -> Sequence[int]:
    if not merges:
        return [index]
    if not isinstance(value, Mapping):
        return [place for place, other in enumerate(live) if other == value]
    named = [place for place, other in enumerate(live) if _have_one_name(value, other)]
    return named or range(len(live))


def _have_one_name(one: Mapping[str, Any], other: Any) -> bool:
    return "name" in one and isinstance(other, Mapping) and one["name"] == other.get("name")


def _is_same(declared: Any, live: Any, own: Sequence[Fields]) -> bool:
    if live is ABSENT:
        return False
    if declared == live and isinstance(declared, bool) == isinstance(live, bool):
        return True
    # What we own was written by us, and the API server writes quantities in its own way.
    return bool(own) and _amount(declared) is not None and _amount(declared) == _amount(live)


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value)
    number = text.rstrip("imunkKMGTPE")
    suffix = text[len(number) :]
    try:
        return Decimal(number) * (_SCALE[suffix] if suffix else 1)
    except (InvalidOperation, KeyError):
        return None


def _suspect_texts(texts: Any, live: Mapping[str, Any], own: Sequence[Fields]) -> Iterator[Suspect]:
    # The server moves them into `data`, in base64.
    if is_secret(texts):
        yield Suspect(("stringData",), ("data",))
        return
    data, owned = live.get("data") or {}, below(own, "data")
    for key in texts or ():
        if key not in data or not below(owned, key):
            yield Suspect(("stringData", key), ("data", key))


def compared(wanted: Any, live: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Yield path, wanted and live value of each field that differs; `ABSENT` where there is none.

    What the server itself writes, such as the status, is not compared.
    """
    if path in _SERVERS or wanted == live:
        return
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for key in {**wanted, **live}:
            inner = (wanted.get(key, ABSENT), live.get(key, ABSENT))
            yield from compared(*inner, (*path, key))
    elif isinstance(wanted, list) and isinstance(live, list) and _pairs(wanted, live):
        for index, (one, other) in enumerate(zip(wanted, live, strict=True)):
            yield from compared(one, other, (*path, index))
    else:
        yield path, wanted, live


def _pairs(wanted: Sequence[Any], live: Sequence[Any]) -> bool:
    """Whether the items of two lists stand for each other, place by place."""
    return len(wanted) == len(live) and all(
        isinstance(one, Mapping)
        and isinstance(other, Mapping)
        and one.get("name") == other.get("name")
        for one, other in zip(wanted, live, strict=True)
    )
