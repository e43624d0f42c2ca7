"""The workflow's run that this process is a job of, as Gitea Actions tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["WorkflowRun"]

_BY_HAND = "workflow_dispatch"


@dataclass(frozen=True)
class WorkflowRun:
    """A run of a workflow.

    Attributes:
        event: what started it, such as `push` or `workflow_dispatch`.
        actor: who did; the user's name in Gitea.

    """

    event: str
    actor: str

    @classmethod
    def current(cls) -> WorkflowRun | None:
        """Return this process's run; None where it is no job."""
        if not os.environ.get("GITHUB_RUN_ID"):
            return None
        return cls(os.environ.get("GITHUB_EVENT_NAME", ""), os.environ.get("GITHUB_ACTOR", ""))

    @property
    def by_hand(self) -> bool:
        """Whether a person started it by itself, not by a push, a comment or a schedule."""
        return self.event == _BY_HAND
