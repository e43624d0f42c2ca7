"""The rows of `sluice get`: a stack, or one of its components, and how it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from sluice.kubernetes.readiness import Status

if TYPE_CHECKING:  # what asks the cluster and Git is loaded when rows are made
    from sluice.inventory.component import Component
    from sluice.inventory.deployed import Deployed
    from sluice.inventory.liveness import Live
    from sluice.stack.stack import Stack
    from sluice.stack.suspension import Suspension

__all__ = ["Row", "StackRow", "at_once", "component_rows", "deployed_rows", "stack_row"]

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A component that is deployed.

    Attributes:
        stack: its stack.
        name: its name.
        kind: its class, such as `HelmRelease`.
        revision: `version@commit`, or the commit alone.
        version: its chart's version or its image's tag; empty where it has none.
        commit: the stack's deployed commit, `-dirty` where files differed from it.
        source: its chart, URL or image; empty where it has none.
        objects: how many objects it owns.
        suspended: whether it is left out until it is resumed.
        ready: whether its objects are, on the cluster, now; null where it cannot be asked.
        message: what is not ready, or why it is suspended, how many objects it owns, or its URL.
        created: when it was first deployed.

    """

    stack: str
    name: str
    kind: str
    revision: str
    version: str
    commit: str
    source: str
    objects: int
    suspended: bool
    ready: bool | None
    message: str
    created: datetime | None


@dataclass(frozen=True)
class StackRow:
    """A stack.

    Attributes:
        name: its name.
        revision: its deployed commit, `-dirty` where files differed from it.
        suspended: whether the whole stack is left out until it is resumed.
        ready: whether all its components are; null where the cluster cannot be asked.
        message: what is not ready, or why it is suspended, or what it consists of.
        created: when it was first deployed.
        result: of the last deployment: `succeeded`, `failed`, `in-progress` or `destroyed`; empty
            before it.
        deployed: when that began.

    """

    name: str
    revision: str
    suspended: bool
    ready: bool | None
    message: str
    created: datetime | None
    result: str
    deployed: datetime | None


def component_rows(deployed: Deployed, live: Live, suspended: Sequence[Suspension]) -> list[Row]:
    """Return a row for each component of a stack, by kind and name."""
    return [_row(deployed, component, live, suspended) for component in deployed.components]


def stack_row(deployed: Deployed, live: Live, suspended: Sequence[Suspension]) -> StackRow:
    """Return the stack's row."""
    whole = [entry for entry in suspended if not entry.component]
    status = _together(
        [
            Status(row.ready, f"{row.kind} {row.name}: {row.message}")
            for row in component_rows(deployed, live, suspended)
        ]
    )
    last, failure = deployed.last, _failure(deployed)
    return StackRow(
        name=deployed.stack,
        revision=deployed.revision,
        suspended=bool(whole),
        ready=False if failure else status.ready,
        message=status.message or failure or _said(whole) or _consists_of(deployed),
        created=min((each.created for each in deployed.components if each.created), default=None),
        result=last.result if last else "",
        deployed=last.started if last else None,
    )


def _row(
    deployed: Deployed, component: Component, live: Live, suspended: Sequence[Suspension]
) -> Row:
    status = _together(
        [
            Status(found.ready, f"{owned}: {found.message}")
            for owned in component.objects
            for found in [live.status(owned)]
        ]
    )
    entries = [entry for entry in suspended if entry.component in ("", component.name)]
    commit = deployed.revision
    return Row(
        stack=deployed.stack,
        name=component.name,
        kind=component.kind,
        revision=f"{component.version}@{commit}" if component.version else commit,
        version=component.version,
        commit=commit,
        source=component.source,
        objects=len(component.objects),
        suspended=bool(entries),
        ready=status.ready,
        message=status.message or _said(entries) or _made(component),
        created=component.created,
    )


def _together(statuses: Sequence[Status]) -> Status:
    """Return what holds for all: not ready where one is not, else unknown where one is."""
    wrong = [status for status in statuses if status.ready is False]
    unknown = [status for status in statuses if status.ready is None]
    if not wrong and not unknown:
        return Status(True)
    messages = dict.fromkeys(status.message for status in wrong or unknown)
    return Status(False if wrong else None, "; ".join(messages))


def _said(entries: Sequence[Suspension]) -> str:
    return str(entries[0]) if entries else ""


def _failure(deployed: Deployed) -> str:
    if deployed.last is None:
        return f"not deployed; run `sluice up {deployed.stack}`"
    good = ("succeeded", "in-progress")
    return "" if deployed.last.result in good else f"the last deployment {deployed.last.result}"


def _consists_of(deployed: Deployed) -> str:
    objects = {owned for component in deployed.components for owned in component.objects}
    return f"{_counted(len(deployed.components), 'component')}, {_counted(len(objects), 'object')}"


def _made(component: Component) -> str:
    return _counted(len(component.objects), "object") or component.source


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""


def deployed_rows(stacks: Sequence[Stack]) -> list[Row]:
    """Return the components of the stacks, stack after stack."""
    from sluice.inventory.deployed import Deployed, live  # noqa: PLC0415

    def of(stack: Stack) -> list[Row]:
        deployed = Deployed.of(stack)
        found = live(stack, deployed)
        return component_rows(deployed, found, stack.suspensions())

    return [row for rows in at_once(of, stacks) for row in rows]


def at_once(of: Callable[[Stack], T], stacks: Sequence[Stack]) -> list[T]:
    """Return what each of the stacks gives; they are asked at the same time."""
    with ThreadPoolExecutor(max_workers=max(len(stacks), 1)) as pool:
        return list(pool.map(of, stacks))
