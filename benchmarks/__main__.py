"""`python -m benchmarks`: measure, print the tables, write `results.json` and `docs/speed.md`."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import click

import toolchain
from benchmarks.cold_start import measure_cold_start
from benchmarks.ground import Ground
from benchmarks.report import Report, print_report, write_report
from benchmarks.rows import OPERATIONS, TOOLS, Row
from benchmarks.tools import make_tool

SIZES = (100, 300, 1000)


@click.command()
@click.option("--objects", "sizes", type=int, multiple=True, default=SIZES, help="How many.")
@click.option("--tool", "tools", type=click.Choice(TOOLS), multiple=True, default=TOOLS)
@click.option("--write/--no-write", default=True, help="Whether files are written.")
def main(sizes: tuple[int, ...], tools: tuple[str, ...], write: bool) -> None:
    """Measure the tools on one API server of their own, which is torn down at the end.

    \b
    Example:
      python -m benchmarks --objects 100 --tool sluice --tool kubectl --no-write
    """
    # A shell's background ignores it, and Pulumi waits seconds for a plugin that does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    programs = toolchain.install("up", toolchain.progress_for())
    with tempfile.TemporaryDirectory(prefix="sluice-benchmark-") as folder:
        ground = Ground(Path(folder), programs)
        click.echo("starting an API server", err=True)
        with ground.running():
            rows = [
                row for size in sizes for tool in tools for row in _measured(ground, tool, size)
            ]
            rows.extend(measure_cold_start(ground) if "sluice" in tools else [])
            report = Report(rows, ground.versions())
    print_report(report)
    if write:
        write_report(report, Path(__file__).parents[1])


def _measured(ground: Ground, name: str, objects: int) -> list[Row]:
    tool = make_tool(name, ground, objects)
    tool.prepare()
    rows = []
    for operation in OPERATIONS:
        command = tool.command(operation)
        if command is None:
            continue
        click.echo(f"{name}, {objects} objects: {operation} … ", nl=False, err=True)
        usage = command.measured()
        tool.check(operation)
        rows.append(Row(operation, objects, name, usage.seconds, usage.peak_mb))
        click.echo(f"{usage.seconds:.2f} s, {usage.peak_mb:.0f} MB", err=True)
    return rows


if __name__ == "__main__":
    main()
