"""Drift as an event, for those whom the stack's alerts name."""

from __future__ import annotations

from collections.abc import Sequence

from sluice.drift.drifted import Drift
from sluice.notification.event import Event
from sluice.stack.stack import Stack

__all__ = ["drift_event"]


def drift_event(stack: Stack, found: Sequence[Drift], left: Sequence[Drift], summary: str) -> Event:
    """Return what was found and what is left of it, of the commit that was deployed last."""
    changes = [
        f"{each.why} {each.kind} {f'{each.namespace}/' if each.namespace else ''}{each.name}"
        f"{f' {each.path}' if each.path else ''}{f' by {each.manager}' if each.manager else ''}"
        for each in left or found
    ]
    result = "drifted" if left else "corrected" if found else "unchanged"
    # A drift of other fields is another reason, though it be of as many objects.
    message = "\n".join([summary, *changes]) if left else summary
    return Event(
        stack.name,
        topic="drift",
        action="drift",
        severity="error" if left else "info",
        result=result,
        message=message,
        commit=stack.state().revision().commit,
        changes=() if left else changes,
        drifted=len(left),
    )
