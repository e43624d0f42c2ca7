"""The report: tables for people, rows for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from tabulate import tabulate

from benchmarks.goals import Goal, goals
from benchmarks.rows import COLD_START, OPERATIONS, TOOLS, Row

__all__ = ["Report", "markdown", "print_report", "replaced", "write_report"]

BEGIN = "<!-- results: written by python -m benchmarks -->"
END = "<!-- end of results -->"
_HEADERS = ("operation", "objects", *TOOLS, "sluice MB", "pulumi MB", "kubectl MB")


@dataclass(frozen=True)
class Report:
    """What was measured, and with which versions."""

    rows: Sequence[Row]
    versions: Mapping[str, str]


def print_report(report: Report) -> None:
    """Print the tables."""
    click.echo(markdown(report))


def write_report(report: Report, root: Path) -> None:
    """Write `benchmarks/results.json`, and the tables between the markers of `docs/speed.md`."""
    rows = [_rounded(row) for row in report.rows]
    text = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    (root / "benchmarks" / "results.json").write_text(f"[\n{text}\n]\n")
    page = root / "docs" / "speed.md"
    page.write_text(replaced(page.read_text(), markdown(report)))


def replaced(page: str, table: str) -> str:
    """Return the page with the table between its markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def markdown(report: Report) -> str:
    """Return the tables as Markdown: times with ratios to kubectl, then the goals."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    parts = [_times(report.rows), *_goals(goals(report.rows)), f"Measured with: {versions}."]
    return "\n\n".join(parts)


def _times(rows: Sequence[Row]) -> str:
    found = {(row.op, row.objects, row.tool): row for row in rows}
    keys = sorted({(OPERATIONS.index(row.op), row.objects) for row in rows if row.op in OPERATIONS})
    lines = [_line(found, OPERATIONS[operation], objects) for operation, objects in keys]
    lines.extend(
        [COLD_START, 0, "", f"{row.seconds:.2f} s", "", f"{row.peak_mb:.0f}", "", ""]
        for row in rows
        if row.op == COLD_START
    )
    return tabulate(lines, headers=_HEADERS, tablefmt="github", disable_numparse=True)


def _line(found: Mapping[tuple[str, int, str], Row], op: str, objects: int) -> list[object]:
    by_tool = {tool: found.get((op, objects, tool)) for tool in TOOLS}
    base = by_tool["kubectl"]
    times = [_time(by_tool[tool], base) for tool in TOOLS]
    memory = [_memory(by_tool[tool]) for tool in ("sluice", "pulumi", "kubectl")]
    return [op, objects, *times, *memory]


def _time(row: Row | None, base: Row | None) -> str:
    if row is None:
        return ""
    ratio = f" ({row.seconds / base.seconds:.1f}×)" if base and base is not row else ""  # noqa: RUF001
    return f"{row.seconds:.2f} s{ratio}"


def _memory(row: Row | None) -> str:
    return f"{row.peak_mb:.0f}" if row else ""


def _goals(found: Sequence[Goal]) -> list[str]:
    lines = [(goal.name, goal.wanted, goal.measured, _answer(goal)) for goal in found]
    headers = ("goal", "at most", "measured", "reached")
    table = tabulate(lines, headers=headers, tablefmt="github", floatfmt=".2f")
    return [table] if lines else []


def _answer(goal: Goal) -> str:
    return "yes" if goal.reached else "no"


def _rounded(row: Row) -> dict[str, object]:
    return {
        **asdict(row),
        "seconds": round(row.seconds, 3),
        "peak_mb": round(row.peak_mb, 1),
    }
