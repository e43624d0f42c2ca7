"""How much a stack is: components and objects by kind, its state, its deployments' durations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from sluice.inventory.deployed import Deployed
from sluice.inventory.liveness import Live
from sluice.status.rows import Row

__all__ = ["KindCount", "StackStatistics", "statistics_of"]

_LAST = 10


@dataclass(frozen=True)
class KindCount:
    """The components or objects of one kind.

    Attributes:
        kind: such as `HelmRelease`, `Deployment`.
        ready: how many are.
        failing: how many are not.
        unknown: how many the cluster could not be asked for.
        suspended: how many are left out until they are resumed; of objects none.

    """

    kind: str
    ready: int
    failing: int
    unknown: int
    suspended: int


@dataclass(frozen=True)
class StackStatistics:
    """A stack in numbers.

    Attributes:
        stack: its name.
        components: by kind.
        objects: by kind; one that two components share counts once.
        state_bytes: the size of Pulumi's state.
        deployments: how many there were.
        last_seconds: how long the last ten took that succeeded, the newest first.
        median_seconds: their median; 0 before the first.

    """

    stack: str
    components: tuple[KindCount, ...]
    objects: tuple[KindCount, ...]
    state_bytes: int
    deployments: int
    last_seconds: tuple[float, ...]
    median_seconds: float


def statistics_of(
    deployed: Deployed, rows: Iterable[Row], live: Live, state_bytes: int
) -> StackStatistics:
    """Return the numbers of a stack whose components have these rows."""
    states = [(row.kind, row.ready, row.suspended) for row in rows]
    objects = [(owned.kind, live.status(owned).ready, False) for owned in deployed.objects]
    took = [one.seconds for one in reversed(deployed.history) if one.result == "succeeded"][:_LAST]
    return StackStatistics(
        stack=deployed.stack,
        components=_counts(states),
        objects=_counts(objects),
        state_bytes=state_bytes,
        deployments=len(deployed.history),
        last_seconds=tuple(took),
        median_seconds=median(took) if took else 0.0,
    )


def _counts(states: list[tuple[str, bool | None, bool]]) -> tuple[KindCount, ...]:
    return tuple(
        KindCount(
            kind=kind,
            ready=sum(1 for each in states if each[:2] == (kind, True)),
            failing=sum(1 for each in states if each[:2] == (kind, False)),
            unknown=sum(1 for each in states if each[:2] == (kind, None)),
            suspended=sum(1 for each in states if each[0] == kind and each[2]),
        )
        for kind in sorted({each[0] for each in states})
    )
