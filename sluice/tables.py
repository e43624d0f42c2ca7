"""Tables as kubectl and flux print them: aligned columns and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

__all__ = ["table"]


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the rows below their headers; text stays as it is."""
    return tabulate(rows, headers, tablefmt="plain", disable_numparse=True)
