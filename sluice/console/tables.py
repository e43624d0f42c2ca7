"""Tables as kubectl and flux print them: aligned columns and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tabulate import tabulate

__all__ = ["age", "table"]


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the rows below their headers; text stays as it is."""
    return tabulate(rows, headers, tablefmt="plain", disable_numparse=True)


_UNITS = (
    (timedelta(seconds=1), "s", 120),
    (timedelta(minutes=1), "m", 120),
    (timedelta(hours=1), "h", 48),
)


def age(since: datetime | None, now: datetime) -> str:
    """Return `90s`, `5m`, `47h`, `12d`; `-` where it is not known, `0s` in the future."""
    if since is None:
        return "-"
    passed = max(now - since, timedelta())
    for unit, letter, most in _UNITS:
        if passed < most * unit:
            return f"{passed // unit}{letter}"
    return f"{passed.days}d"
