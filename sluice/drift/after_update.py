"""What an update does not see, put back after it: so an update leaves no drift behind.

Pulumi compares what it has sent. It sends hardly anything that is empty, looks
into no Helm release, and passes over what was added to a list.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import groupby

from sluice.diff.change import Change, FieldDifference
from sluice.drift.correction import apply
from sluice.drift.detection import look
from sluice.drift.drifted import Drift
from sluice.drift.owned import OwnedObject
from sluice.engine.outcome import Outcome
from sluice.stack.stack import Stack

__all__ = ["put_back"]

_LOG = logging.getLogger(__name__)


def put_back(stack: Stack, outcome: Outcome, components: Collection[str] = ()) -> Outcome:
    """Put back what has drifted still; return the outcome, with that among its changes.

    `components` are the only ones that are looked at; by default all. What the cluster
    refuses to put back, such as a field that may not change, is warned of.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    seen = look(stack)
    left = seen.drift_of(
        each for each in seen.declared if not components or each.component in components
    )
    for refusal in apply(seen, left):
        _LOG.warning("%s: what has drifted is not put back: %s", stack, refusal)
    _add(outcome, left)
    return outcome


def _add(outcome: Outcome, left: Sequence[Drift]) -> None:
    counts, updated = Counter(outcome.counts), {each.urn for each in outcome.changes}
    for owned, drifts in groupby(left, key=lambda each: each.owned):
        change = _change(owned, list(drifts))
        outcome.changes.append(change)
        # Pulumi has counted an object of its own, but no child of a release.
        if owned.release or owned.urn not in updated:
            counts[change.operation] += 1
            counts["same"] -= not owned.release
    outcome.counts = dict(counts)


def _change(owned: OwnedObject, drifts: Sequence[Drift]) -> Change:
    fields = [FieldDifference(each.path, each.live, each.declared) for each in drifts if each.path]
    operation = "update" if fields else "create"
    place = (owned.component, owned.kind, owned.namespace, owned.name)
    return Change(owned.urn, operation, *place, tuple(fields))
