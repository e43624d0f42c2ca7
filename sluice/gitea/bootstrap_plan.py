"""What bootstrapping makes sure that a repository on Gitea has, and what a step did, as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["BOT_SCOPES", "BOT_TOKEN", "LABELS", "BootstrapPlan", "LabelPlan", "Outcome", "Result"]

BOT_TOKEN: Final = "SLUICE_TOKEN"  # noqa: S105 - the secret's name
"""The secret that holds the bot's token."""

BOT_SCOPES: Final = ("write:repository", "write:issue", "write:package", "read:user")
"""For commits, pull requests, comments, reports, and to know its own comments."""

Outcome = Literal["made", "repaired", "set", "in order", "missing"]
"""What a step did; `missing` is what it cannot make."""


@dataclass(frozen=True)
class LabelPlan:
    """A label that the pipeline knows; `color` as in HTML."""

    name: str
    color: str
    description: str


LABELS: Final = (
    LabelPlan("sluice/allow-data-loss", "#b60205", "What holds data may be deleted or replaced"),
)


@dataclass(frozen=True)
class BootstrapPlan:
    """What the repository is to have.

    Attributes:
        private: whether only those with access see it; for one that has to be made.
        branch: the branch that the stacks follow, protected.
        checks: the status contexts that a pull request needs, as Gitea's patterns.
        approvals: how many approvals a pull request needs.
        bot: the account whose token the pipeline uses; it may push to the branch.
        secrets: the values of Actions secrets by name; with `SLUICE_TOKEN` no token is made.
        variables: Actions variables by name.
        labels: the repository's labels.
        deploy_key: a public SSH key that may read, empty for none.

    """

    private: bool = True
    branch: str = "main"
    checks: Sequence[str] = ()
    approvals: int = 0
    bot: str = "sluice-bot"
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    labels: Sequence[LabelPlan] = LABELS
    deploy_key: str = ""


@dataclass(frozen=True)
class Result:
    """What a step did to a subject, such as `variable PULUMI_BACKEND_URL`."""

    subject: str
    outcome: Outcome
    detail: str = ""
