"""Previewing a stack for a pull request: what an update to a commit would do, as a record."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from components.errors import SluiceError
from components.lib.locks.lock import Lock
from components.runtime.answers import lock_file
from sluice.declaration.program import declaration
from sluice.declaration.records import Declaration, Owner
from sluice.drift.detection import drift
from sluice.drift.report import DriftedField
from sluice.errors import DeploymentError
from sluice.git.commits import tree_of
from sluice.git.worktree import checked_out
from sluice.inputs.deployment_record import state_digest
from sluice.plan.planning import plan
from sluice.report.record import StackPreview
from sluice.stack.repository import Repository
from sluice.stack.stack import locked_charts
from sluice.status.graph import Edge, Graph

__all__ = ["failure", "graph_of", "places_of", "preview", "sources"]

_PLACE: Final = re.compile(
    r"(?P<where>[^\s:]+\.(?:py|ya?ml|json|tgz)(?::\d+)?): (?P<reason>.+)", re.DOTALL
)


def preview(repository: Repository, stack: str, commit: str, base: str = "") -> StackPreview:
    """Return what an update of a stack to a commit would do now, in a clean checkout of it.

    What fails is in the record. `base` is the commit that the change is made to.

    Raises:
        RepositoryError: where there is no such commit or stack.

    """
    started = time.monotonic()
    tree = tree_of(repository, commit)
    record = StackPreview(stack, commit, base, offline=False, seconds=0.0, tree=tree)
    with checked_out(repository, commit) as checkout:
        checkout.chosen((stack,))
        record = replace(record, state=state_digest(checkout, stack))
        places: Mapping[str, str] = {}
        try:
            declared = declaration(checkout, stack, locked_charts(checkout, stack))
            places = places_of(declared)
            record = replace(record, graph=graph_of(declared), charts=sources(checkout, stack))
            planned = plan(checkout, stack)
            record = replace(record, changes=planned.changes, notes=planned.notes)
            drifted = [
                DriftedField.of(stack, each, corrected=False) for each in drift(checkout, stack)
            ]
            record = replace(record, drift=drifted)
        except SluiceError as error:
            reason, where = failure(error, stack, places)
            record = replace(record, error=reason, where=where)
    return replace(record, seconds=round(time.monotonic() - started, 1))


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


def sources(checkout: Repository, stack: str) -> dict[str, str]:
    """Return where each chart of a stack's lock comes from, by the chart's name."""
    locked = Lock.load(lock_file(checkout.root, stack)).charts.values()
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
