"""What happened to a stack, as Prometheus measures it: pushed, or in a file for node exporter.

Each run is a process of its own, so nothing can be scraped from it. What the
last run of each kind came to is kept beside the stack's local state, and told
as a whole, by gauges.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

from components.lib.files import atomic_file
from sluice.diff.change import OPERATIONS
from sluice.errors import AlertError
from sluice.notification.event import Event
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from sluice.inventory.deployed import Deployed

__all__ = ["METRICS", "Sample", "measure", "samples"]

_SETTING: Final = "SLUICE_METRICS"
_PUSH_SECONDS: Final = 10
_RESULTS: Final = ("changed", "unchanged", "failed", "rolled back", "locked", "refused")
METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "sluice_deployment_timestamp_seconds": ("", "When the stack was last reconciled or deployed"),
    "sluice_deployment_duration_seconds": ("", "How long the last update took"),
    "sluice_deployment_result": ("result", "1 for how the last deployment ended"),
    "sluice_deployment_changes": ("operation", "Objects that the last deployment changed"),
    "sluice_last_good_deployment_timestamp_seconds": ("", "When the newest good deployment began"),
    "sluice_objects": ("", "Objects that the stack owns"),
    "sluice_drift_timestamp_seconds": ("", "When drift was last looked for"),
    "sluice_drift_fields": ("", "Fields and objects that are not as they are declared"),
    "sluice_suspensions": ("", "What of the stack is suspended"),
}
"""Each metric's own label, or none, and its help; all have the labels `project` and `stack`."""


@dataclass(frozen=True)
class Sample:
    """A value of a metric.

    Attributes:
        name: the metric, one of `METRICS`.
        value: its value.
        label: the value of its own label; empty where it has none.

    """

    name: str
    value: float
    label: str = ""


def measure(repository: Repository, event: Event) -> None:
    """Tell what `$SLUICE_METRICS` names, a push gateway's URL or a folder; nothing without it.

    Raises:
        AlertError: where it cannot be told.

    """
    target = os.environ.get(_SETTING, "")
    if not target:
        return
    from sluice.inventory.deployed import Deployed  # noqa: PLC0415 - only where it is measured

    stack = Stack(repository, event.stack)
    deployed = Deployed.of(stack)
    new = samples(event, deployed, suspended=len(stack.suspensions()))
    file = stack.local("metrics", ".json")
    found = {**_kept(file), **{(each.name, each.label): each for each in new}}
    atomic_file.write(file, json.dumps([asdict(each) for each in found.values()]).encode())
    registry = _registry(repository.project, event.stack, found.values())
    _tell(target, repository.project, event.stack, registry)


def samples(event: Event, deployed: Deployed, *, suspended: int) -> Iterator[Sample]:
    """Yield what the event says, and what the state and history of its stack do."""
    yield Sample("sluice_objects", len(deployed.objects))
    yield Sample("sluice_suspensions", suspended)
    good = [each for each in deployed.history if each.result == "succeeded"]
    if good:
        began = good[-1].started.timestamp()
        yield Sample("sluice_last_good_deployment_timestamp_seconds", began)
    if event.topic == "deployment":
        yield from _of_deployment(event)
    if event.topic == "drift":
        yield Sample("sluice_drift_timestamp_seconds", event.time.timestamp())
        yield Sample("sluice_drift_fields", event.drifted)


def _of_deployment(event: Event) -> Iterator[Sample]:
    yield Sample("sluice_deployment_timestamp_seconds", event.time.timestamp())
    for result in _RESULTS:
        yield Sample("sluice_deployment_result", float(event.result == result), result)
    if event.seconds:
        yield Sample("sluice_deployment_duration_seconds", event.seconds)
    words = [change.partition(" ")[0] for change in event.changes]
    for operation in OPERATIONS:
        yield Sample("sluice_deployment_changes", words.count(operation), operation)


def _kept(file: Path) -> dict[tuple[str, str], Sample]:
    try:
        found = [Sample(**entry) for entry in json.loads(file.read_bytes())]
    except (OSError, ValueError, TypeError):
        return {}
    return {(each.name, each.label): each for each in found if each.name in METRICS}


def _registry(project: str, stack: str, found: Iterable[Sample]) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry, Gauge  # noqa: PLC0415 - only where measured

    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for each in found:
        own, text = METRICS[each.name]
        if each.name not in gauges:
            labels = ("project", "stack", *([own] if own else []))
            gauges[each.name] = Gauge(each.name, text, labels, registry=registry)
        labelled = (project, stack, *([each.label] if own else []))
        gauges[each.name].labels(*labelled).set(each.value)
    return registry


def _tell(target: str, project: str, stack: str, registry: CollectorRegistry) -> None:
    from prometheus_client import exposition  # noqa: PLC0415 - only where it is measured

    try:
        if target.startswith(("http://", "https://")):
            group = {"project": project, "stack": stack}
            # What another runner measured of the stack stays there.
            exposition.pushadd_to_gateway(
                target, "sluice", registry, grouping_key=group, timeout=_PUSH_SECONDS
            )
        else:
            Path(target).mkdir(parents=True, exist_ok=True)
            file = Path(target) / f"sluice_{project}_{stack}.prom"
            atomic_file.write(file, exposition.generate_latest(registry))
    except (OSError, HTTPException) as error:
        raise AlertError(f"{_SETTING}: its metrics cannot be told: {error}") from None
