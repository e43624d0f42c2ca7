"""Previewing a stack for a pull request: what an update to a commit would do, as a record."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from components.errors import SluiceError
from sluice.declaration.desired import DesiredState
from sluice.declaration.program import declaration
from sluice.declaration.records import Declaration, Owner
from sluice.drift.detection import drift
from sluice.drift.report import DriftedField
from sluice.errors import ApiError, DeploymentError
from sluice.git.commits import tree_of
from sluice.git.worktree import checked_out
from sluice.inputs.deployment_record import state_digest
from sluice.plan.planning import plan
from sluice.report.record import StackPreview
from sluice.stack.stack import Stack
from sluice.status.graph import Edge, Graph

__all__ = ["failure", "graph_of", "places_of", "preview", "sources"]

_PLACE: Final = re.compile(
    r"(?P<where>[^\s:]+\.(?:py|ya?ml|json|tgz)(?::\d+)?): (?P<reason>.+)", re.DOTALL
)


def preview(stack: Stack, commit: str, base: str = "") -> StackPreview:
    """Return what an update of a stack to a commit would do now, in a clean checkout of it.

    What fails is in the record. `base` is the commit that the change is made to.

    Raises:
        RepositoryError: where there is no such commit or stack.

    """
    started = time.monotonic()
    tree = tree_of(stack.repository, commit)
    record = StackPreview(stack.name, commit, base, offline=False, seconds=0.0, tree=tree)
    with checked_out(stack.repository, commit) as checkout:
        desired = DesiredState(checkout.stack(stack.name))
        record = replace(record, state=state_digest(desired.stack))
        places: Mapping[str, str] = {}
        try:
            declared = _declared(desired)
            places = places_of(declared)
            charts = sources(desired.stack)
            record = replace(record, graph=graph_of(declared), charts=charts)
            planned = plan(desired)
            record = replace(record, changes=planned.changes, notes=planned.notes)
            drifted = drift(desired.stack)
            rows = [DriftedField.of(stack.name, each, corrected=False) for each in drifted]
            record = replace(record, drift=rows)
        except SluiceError as error:
            reason, where = failure(error, stack.name, places)
            record = replace(record, error=reason, where=where)
    return replace(record, seconds=round(time.monotonic() - started, 1))


def _declared(desired: DesiredState) -> Declaration:
    """Return what the program declares; where the cluster cannot be asked, as far as is known.

    Of a suspended stack neither cluster nor secrets are asked: nothing is applied.
    """
    stack = desired.stack
    with suppress(ApiError, DeploymentError):
        if all(entry.component for entry in stack.suspensions()):
            return desired.declaration
    return declaration(stack, stack.locked())


def failure(error: SluiceError, stack: str, places: Mapping[str, str]) -> tuple[str, str]:
    """Return the one reason that matters of an error, and the file and line that it comes from.

    `places` says of each component where it is declared.
    """
    failed = [each for each in getattr(error, "changes", ()) if each.error]
    if isinstance(error, DeploymentError) and failed:
        return failed[0].error, places.get(failed[0].component, "")
    reason = str(error).removeprefix(f"{stack}: ").partition("\n")[0]
    located = _PLACE.fullmatch(reason)
    if located:
        return located["reason"], located["where"]
    return reason, places.get(reason.partition(":")[0], "")


def sources(stack: Stack) -> dict[str, str]:
    """Return where each chart of a stack's lock comes from, by the chart's name."""
    locked = stack.lock().charts.values()
    return {each.chart.rpartition("/")[2]: each.source for each in locked}


def places_of(declared: Declaration) -> dict[str, str]:
    """Return where each component is declared, by its name."""
    return {component.title: component.where for component in declared.components}


def graph_of(declared: Declaration) -> Graph:
    """Return what needs what of what is declared."""
    names = [_title((each.pulumi_resource_type, each.title)) for each in declared.components]
    edges = {
        Edge(_title(owner), _title(needed))
        for owner, all_needed in declared.after.items()
        for needed in all_needed
    }
    known = (edge for edge in edges if {edge.component, edge.needs} <= set(names))
    return Graph(
        tuple(sorted(names)), tuple(sorted(known, key=lambda edge: (edge.component, edge.needs)))
    )


def _title(owner: Owner) -> str:
    return f"{owner[0].rpartition(':')[2].lower()}/{owner[1]}"
