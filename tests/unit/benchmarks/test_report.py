from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.report import BEGIN, END, Report, markdown, replaced, write_report
from benchmarks.rows import COLD_START, Row

if TYPE_CHECKING:
    from pathlib import Path

REPORT = Report(
    [
        Row("create", 300, "kubectl", 1.0, 90.0),
        Row("create", 300, "sluice", 2.0, 400.04),
        Row("create", 300, "pulumi", 15.5, 380.0),
        Row(COLD_START, 0, "sluice", 1.23456, 300.0),
    ],
    {"Pulumi": "3.259.0"},
)


def test_a_line_has_each_tool_s_time_and_its_ratio_to_kubectl() -> None:
    (line,) = (each for each in markdown(REPORT).splitlines() if each.startswith("| create  "))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        *("create", "300", "1.00 s", "2.00 s (2.0\N{MULTIPLICATION SIGN})"),
        *("15.50 s (15.5\N{MULTIPLICATION SIGN})", "400", "380", "90"),
    ]


def test_the_goals_and_the_versions_follow_the_times() -> None:
    text = markdown(REPORT)
    assert "create, 300 objects, times kubectl's first apply" in text
    assert text.endswith("Measured with: Pulumi 3.259.0.")


def test_only_what_is_between_the_markers_is_replaced() -> None:
    page = f"# Speed\n\n{BEGIN}\nold\n{END}\n\nThe rest.\n"
    assert replaced(page, "new") == f"# Speed\n\n{BEGIN}\n\nnew\n\n{END}\n\nThe rest.\n"


def test_replacing_twice_gives_the_same_page() -> None:
    page = replaced(f"{BEGIN}\n{END}\n", "table")
    assert replaced(page, "table") == page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        replaced("# Speed\n", "table")


def test_the_results_are_a_list_of_rows_for_programs(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "speed.md").write_text(f"{BEGIN}\n{END}\n")
    write_report(REPORT, tmp_path)
    rows = json.loads((tmp_path / "benchmarks" / "results.json").read_text())
    assert rows[1] == {
        "op": "create",
        "objects": 300,
        "tool": "sluice",
        "seconds": 2.0,
        "peak_mb": 400.0,
    }
    assert "| create" in (tmp_path / "docs" / "speed.md").read_text()
