"""The job of a pipeline that this process runs in, as Gitea Actions tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Job"]

_BY_HAND = "workflow_dispatch"


@dataclass(frozen=True)
class Job:
    """A run of a workflow.

    Attributes:
        event: what started it, such as `push` or `workflow_dispatch`.
        actor: who did; the user's name in Gitea.

    """

    event: str
    actor: str

    @classmethod
    def here(cls) -> Job | None:
        """Return the job; None where this process runs in none."""
        if not os.environ.get("GITHUB_RUN_ID"):
            return None
        return cls(os.environ.get("GITHUB_EVENT_NAME", ""), os.environ.get("GITHUB_ACTOR", ""))

    @property
    def by_hand(self) -> bool:
        """Whether a person started it by itself, not by a push, a comment or a schedule."""
        return self.event == _BY_HAND
