"""What follows an update: a stack's health checks are waited for, its charts' tests run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.core.health import Criterion, Expression, Health, Verdict, parse
from sluice.backend.state import Resource
from sluice.engine.events import Moment, Watcher
from sluice.engine.outcome import Outcome
from sluice.errors import ApiError, DeploymentError
from sluice.kubernetes.cluster import Cluster
from sluice.reconciliation.release_tests import release_tests, run_tests
from sluice.stack.stack import Stack

__all__ = ["HealthCheck", "await_health", "health_checks", "healthy"]

_TYPE: Final = "sluice:health:HealthCheck"
_PAUSE_SECONDS: Final = 2.0
_EVENTS: Final = 3


@dataclass(frozen=True)
class HealthCheck:
    """A check as the state has it.

    Attributes:
        name: its component's name.
        api_version: of the object.
        kind: of the object.
        namespace: of the object; empty where it is cluster-scoped.
        object: the object's name.
        criterion: what makes it healthy.
        seconds: how long it may take.

    """

    name: str
    api_version: str
    kind: str
    namespace: str
    object: str
    criterion: Criterion
    seconds: int

    def __str__(self) -> str:
        path = f"{self.namespace}/{self.object}" if self.namespace else self.object
        return f"{self.kind} {path}"

    def verdict(self, cluster: Cluster) -> Verdict:
        """Ask the cluster how the object is."""
        try:
            live = cluster.get(self.api_version, self.kind, self.namespace, self.object)
        except ApiError as error:
            return Verdict(Health.IN_PROGRESS, str(error))
        if live is not None:
            return self.criterion.verdict(live)
        served = cluster.serves(self.api_version, self.kind)
        missing = "not there" if served else f"the cluster does not serve {self.api_version}"
        return Verdict(Health.IN_PROGRESS, missing)

    def events(self, cluster: Cluster) -> list[str]:
        """Return the object's last events, the newest first."""
        selector = f"involvedObject.kind={self.kind},involvedObject.name={self.object}"
        found, _ = cluster.listed("v1", "Event", namespace=self.namespace, fields=selector)
        newest = sorted(found, key=_when, reverse=True)[:_EVENTS]
        return [f"{each.get('reason')}: {_line(each.get('message'))}" for each in newest]


def health_checks(resources: Sequence[Resource]) -> list[HealthCheck]:
    """Return the health checks of a stack's state."""
    return [_check(each) for each in resources if each.type == _TYPE and each.outputs]


def await_health(
    cluster: Cluster,
    checks: Sequence[HealthCheck],
    watch: Watcher,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait for all of them; `watch` is told what is waited for and why.

    Raises:
        DeploymentError: naming each object that is not healthy, its condition and last events.

    """
    begun, waiting, failed = clock(), list(checks), list[str]()
    while waiting:
        found = [(check, check.verdict(cluster)) for check in waiting]
        elapsed = clock() - begun
        over = [pair for pair in found if _is_over(*pair, elapsed)]
        failed += [_told(check, verdict, elapsed, cluster) for check, verdict in over]
        for check, _ in found:
            watch(Moment(str(check), done=True))
        waiting = [
            check
            for check, verdict in found
            if verdict.health is not Health.CURRENT and (check, verdict) not in over
        ]
        if waiting:
            for check, verdict in found:
                watch(Moment(str(check), waits=True, message=verdict.message))
            sleep(_PAUSE_SECONDS)
    if failed:
        raise DeploymentError("\n  ".join(failed))


def healthy(
    stack: Stack,
    outcome: Outcome,
    watch: Watcher,
    components: Sequence[str] = (),
    *,
    exclude: Collection[str] = (),
) -> Outcome:
    """Return the outcome of an update, once the stack's health checks and its charts' tests pass.

    With `components`, only those of that name are asked; those of `exclude`, which
    the update has left out, are not.

    Raises:
        DeploymentError: as `await_health` and `run_tests` do, with what the update changed.

    """
    resources = stack.state().resources()

    def is_asked(component: str) -> bool:
        return component not in exclude and (not components or component in components)

    checks = [each for each in health_checks(resources) if is_asked(each.name)]
    due = [each for each in release_tests(resources, stack.name) if is_asked(each.component)]
    cluster = stack.cluster()
    try:
        await_health(cluster, checks, watch)
        run_tests(stack, cluster, due, watch)
    except DeploymentError as error:
        raise DeploymentError(f"{stack}: {error}", outcome.changes) from None
    return outcome


def _is_over(check: HealthCheck, verdict: Verdict, elapsed: float) -> bool:
    late = verdict.health is Health.IN_PROGRESS and elapsed >= check.seconds
    return late or verdict.health is Health.FAILED


def _told(check: HealthCheck, verdict: Verdict, elapsed: float, cluster: Cluster) -> str:
    try:
        events = check.events(cluster)
    except ApiError:
        events = []  # an account need not be allowed to see them
    last = f"; last events: {'; '.join(events)}" if events else ""
    state = "failed" if verdict.health is Health.FAILED else "is not healthy"
    after = f"after {elapsed:.0f} s: {verdict.message}{last}"
    return f"HealthCheck {check.name}: {check} {state} {after}"


def _check(resource: Resource) -> HealthCheck:
    outputs: Mapping[str, Any] = resource.outputs
    found, healthy = outputs["object"], outputs["healthy"]
    return HealthCheck(
        name=resource.name,
        api_version=found["apiVersion"],
        kind=found["kind"],
        namespace=found["namespace"],
        object=found["name"],
        criterion=parse(healthy["waitFor"]) if "waitFor" in healthy else Expression(**healthy),
        seconds=int(outputs["timeoutSeconds"]),
    )


def _line(message: object) -> str:
    return " ".join(str(message).split())


def _when(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
