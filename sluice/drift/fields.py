"""What is declared beside what is live, field by field.

`suspects` is quick and asks nobody: it may name a field that differs only in
how it is written, never the other way round. `compared` compares two
objects that the API server has written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sluice.backend.secret_values import is_secret
from sluice.kubernetes.managed_fields import Fields, Path, below, is_whole, item

__all__ = ["ABSENT", "compared", "suspects"]

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
_SCALE: Final = {
    **{name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", 1)},
    **{f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", 1)},
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}


def suspects(
    declared: Mapping[str, Any], live: Mapping[str, Any], own: Sequence[Fields]
) -> Iterator[Path]:
    """Yield the declared fields whose live value may not be the declared one.

    `own` is what we own of the live object. A secret is compared by that alone.
    """
    for key, value in declared.items():
        if key == "stringData":
            yield from _suspect_texts(value, live, own)
        elif (key,) not in _SERVERS:
            found = live.get(key, ABSENT)
            yield from _suspects(value, found, below(own, key), (key,))


def _suspects(declared: Any, live: Any, own: Sequence[Fields], path: Path) -> Iterator[Path]:
    if path in _SERVERS:
        return
    if is_secret(declared):
        # What is in a hidden map or list only the plain text tells.
        inside = isinstance(live, (Mapping, list)) and not is_whole(own)
        if live is ABSENT or not own or inside:
            yield path
    elif isinstance(declared, Mapping):
        yield from _suspect_map(declared, live, own, path)
    elif isinstance(declared, list):
        yield from _suspect_list(declared, live, own, path)
    elif declared is not None and not _is_same(declared, live, own):
        yield path


def _suspect_map(
    declared: Mapping[str, Any], live: Any, own: Sequence[Fields], path: Path
) -> Iterator[Path]:
    if not isinstance(live, Mapping):
        if declared and not (live is ABSENT and all(value is None for value in declared.values())):
            yield path
        return
    if not own and path and live.keys() - declared.keys():
        yield path  # where it is one value, adding to it has taken it from us
        return
    for key, value in declared.items():
        yield from _suspects(value, live.get(key, ABSENT), below(own, key), (*path, key))


def _suspect_list(
    declared: Sequence[Any], live: Any, own: Sequence[Fields], path: Path
) -> Iterator[Path]:
    if not isinstance(live, list):
        if declared:
            yield path
        return
    merges = any(key[:2] in ("k:", "v:") for fields in own for key in fields)
    if len(live) != len(declared) and not merges:
        yield path
        return
    for index, value in enumerate(declared):
        places = _candidates(index, value, live, merges=merges)
        inner = item(own, value) if isinstance(value, Mapping) else own
        found = [list(_suspects(value, live[n], inner, (*path, index))) for n in places]
        if not any(not each for each in found):
            yield from min(found, key=len, default=[(*path, index)])


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


def _suspect_texts(texts: Any, live: Mapping[str, Any], own: Sequence[Fields]) -> Iterator[Path]:
    # The server moves them into `data`, in base64.
    if is_secret(texts):
        yield ("stringData",)
        return
    data, owned = live.get("data") or {}, below(own, "data")
    for key in texts or ():
        if key not in data or not below(owned, key):
            yield ("stringData", key)


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
