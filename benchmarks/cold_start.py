"""How long an update of nothing takes: interpreter, imports, engine."""

from __future__ import annotations

import statistics

import click

from benchmarks.command import Command
from benchmarks.ground import CONTEXT, Ground
from benchmarks.programs import NOTHING, STACK_SETTINGS
from benchmarks.rows import COLD_START, Row

__all__ = ["measure_cold_start"]

_STACK = "empty"
_TIMES = 3


def measure_cold_start(ground: Ground) -> list[Row]:
    """Return the median of a few `pulumi up` of our program with an empty environment."""
    stacks = ground.repository / "stacks"
    (stacks / f"{_STACK}.py").write_text(NOTHING)
    (stacks / f"Pulumi.{_STACK}.yaml").write_text(STACK_SETTINGS.format(context=CONTEXT))
    _pulumi(ground, "stack", "init").output()
    _pulumi(ground, "up", "--yes", "--skip-preview").output()
    click.echo("sluice, empty stack: cold start … ", nl=False, err=True)
    usages = [_pulumi(ground, "up", "--yes", "--skip-preview").measured() for _ in range(_TIMES)]
    seconds = statistics.median(usage.seconds for usage in usages)
    peak = max(usage.peak_mb for usage in usages)
    click.echo(f"{seconds:.2f} s, {peak:.0f} MB", err=True)
    return [Row(COLD_START, 0, "sluice", seconds, peak)]


def _pulumi(ground: Ground, *arguments: str) -> Command:
    return ground.pulumi(*arguments, "--stack", _STACK)
