"""Gitea's API, and the only place that knows it.

How the sandbox starts a server belongs in `sluice.sandbox`; what is told to
people on a pull request is written elsewhere.
"""

from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from sluice.gitea.records import (
    Comment,
    Job,
    Label,
    PullRequest,
    Review,
    Run,
    Runner,
    State,
    Status,
    Step,
)

__all__ = [
    "Comment",
    "Connection",
    "Gitea",
    "Job",
    "Label",
    "PullRequest",
    "Review",
    "Run",
    "Runner",
    "State",
    "Status",
    "Step",
]
