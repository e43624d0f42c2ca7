"""The goals, and whether a benchmark's rows reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.rows import COLD_START, OPERATIONS, Row

__all__ = ["Goal", "goals"]

TIMES_KUBECTL = 2.5
# Half of Flux's 1.4 s to reconcile 300 objects unchanged, where kubectl's first apply took 2.2 s.
DRIFT_TIMES_KUBECTL = 0.32
GROWTH = 4.0
COLD_START_SECONDS = 1.5
_SIZE, _LARGE = 300, 1000


@dataclass(frozen=True)
class Goal:
    """A goal: what is measured, the most that it may be, and what it is."""

    name: str
    wanted: float
    measured: float

    @property
    def reached(self) -> bool:
        """Whether it is at most what is wanted."""
        return self.measured <= self.wanted


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Return the goals that the rows can answer."""
    seconds = {(row.op, row.objects, row.tool): row.seconds for row in rows}
    found = [*_against_kubectl(seconds), *_growth(seconds)]
    cold = seconds.get((COLD_START, 0, "sluice"))
    if cold is not None:
        found.append(Goal("cold start, seconds", COLD_START_SECONDS, cold))
    return found


def _against_kubectl(seconds: Mapping[tuple[str, int, str], float]) -> list[Goal]:
    first_apply = seconds.get(("create", _SIZE, "kubectl"))
    wanted = {
        "create": TIMES_KUBECTL,
        "nothing to do": TIMES_KUBECTL,
        "drift": DRIFT_TIMES_KUBECTL,
    }
    return [
        Goal(
            f"{op}, {_SIZE} objects, times kubectl's first apply",
            times,
            seconds[op, _SIZE, "sluice"] / first_apply,
        )
        for op, times in wanted.items()
        if first_apply and (op, _SIZE, "sluice") in seconds
    ]


def _growth(seconds: Mapping[tuple[str, int, str], float]) -> list[Goal]:
    return [
        Goal(
            f"{op}, {_LARGE} objects, times {_SIZE} objects",
            GROWTH,
            seconds[op, _LARGE, "sluice"] / seconds[op, _SIZE, "sluice"],
        )
        for op in OPERATIONS
        if (op, _LARGE, "sluice") in seconds and (op, _SIZE, "sluice") in seconds
    ]
