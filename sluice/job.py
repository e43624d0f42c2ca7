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
        url: where its log is read.

    """

    event: str
    actor: str
    url: str

    @classmethod
    def here(cls) -> Job | None:
        """Return the job; None where this process runs in none."""
        run = os.environ.get("GITHUB_RUN_ID", "")
        if not run:
            return None
        server, repository = (os.environ.get(f"GITHUB_{key}", "") for key in _PLACE)
        return cls(
            event=os.environ.get("GITHUB_EVENT_NAME", ""),
            actor=os.environ.get("GITHUB_ACTOR", ""),
            url=f"{server}/{repository}/actions/runs/{os.environ.get('GITHUB_RUN_NUMBER', run)}",
        )

    @property
    def by_hand(self) -> bool:
        """Whether a person started it by itself, not by a push, a comment or a schedule."""
        return self.event == _BY_HAND


_PLACE = ("SERVER_URL", "REPOSITORY")
