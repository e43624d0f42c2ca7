"""The records of a benchmark: one row for each operation, size and tool."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COLD_START", "OPERATIONS", "TOOLS", "Row"]

TOOLS = ("kubectl", "sluice", "pulumi")
OPERATIONS = ("create", "nothing to do", "one change", "refresh", "drift", "destroy")
COLD_START = "cold start"


@dataclass(frozen=True)
class Row:
    """What one operation took.

    Attributes:
        op: one of `OPERATIONS`, or `COLD_START`.
        objects: how many objects.
        tool: one of `TOOLS`.
        seconds: from start to end, as a user waits.
        peak_mb: the most memory that its processes held together, in megabytes.

    """

    op: str
    objects: int
    tool: str
    seconds: float
    peak_mb: float
