"""A repository on Gitea, made what the pipeline needs: run again, it repairs.

Each step looks before it acts and says what it did. What it cannot read back,
the value of a secret, it sets again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sluice.gitea.bootstrap_plan import BootstrapPlan, Result
from sluice.gitea.client import Gitea
from sluice.gitea.steps import Steps

__all__ = ["apply", "set_values"]


def apply(
    gitea: Gitea,
    plan: BootstrapPlan,
    *,
    push: Callable[[], None] | None = None,
    keep_token: Callable[[str], None] | None = None,
    renew_token: bool = False,
) -> Iterator[Result]:
    """Make the repository what the plan says, and yield what each step did.

    The client's user has to own the repository, and to administer the server
    where the bot has to be made. `push` fills a repository that has no branch
    yet; `keep_token` is given the bot's token where one is made, which happens
    where the secret is not there or `renew_token` asks for it.

    Raises:
        GiteaError: naming what was refused; what was done stays.

    """
    steps = Steps(gitea, plan)
    yield steps.owner()
    yield steps.repository()
    if push is not None and not gitea.connection.exists(gitea.path("branches", plan.branch)):
        push()
        yield Result(f"branch {plan.branch}", "made")
    yield from steps.bot(keep_token, renew=renew_token)
    yield steps.protection()
    yield from map(steps.label, plan.labels)
    yield from set_values(gitea, plan)
    if plan.deploy_key:
        yield steps.deploy_key()
    yield steps.runner()


def set_values(gitea: Gitea, plan: BootstrapPlan) -> Iterator[Result]:
    """Set the plan's secrets and variables, and yield what each step did."""
    steps = Steps(gitea, plan)
    yield from (steps.secret(name, value) for name, value in plan.secrets.items())
    yield from (steps.variable(name, value) for name, value in plan.variables.items())
