"""`sluice suspend`: leave a stack or a part of it as it is, until it is resumed."""

from __future__ import annotations

from datetime import timedelta

import click

from sluice.console import completion
from sluice.console.options import stack_argument, wait_option
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["suspend", "tell", "where_it_is"]


@click.command()
@stack_argument
@click.argument("components", nargs=-1, shell_complete=completion.components)
@click.option("--reason", required=True, help="Why; kept with your name and the time.")
@click.option("--no-push", is_flag=True, help="Commit to the branch that is checked out.")
@wait_option
def suspend(
    stack: Stack, components: tuple[str, ...], reason: str, no_push: bool, wait: timedelta
) -> None:
    """Leave STACK, or COMPONENTS of it, out of every update.

    Drift of it is not corrected either. An entry in stacks/Pulumi.STACK.yaml says
    who, when and why; it is committed and pushed. A name stands for every component
    of that name. An update that runs on this machine is waited for.

    \b
    Example:
      sluice suspend dev ci-agents --reason "scaled by hand while the queue is long"
      sluice suspend prod --reason "the database is being moved"
    """
    from sluice.reconciliation.suspending import await_update  # noqa: PLC0415 - not needed for --help
    from sluice.reconciliation.suspending import suspend as suspend_in_git  # noqa: PLC0415 - the same

    if not reason.strip():
        raise click.UsageError("--reason: say why, for those who find it suspended")
    enter(stack.repository)
    branch = suspend_in_git(stack, components, reason, push=not no_push)
    what = ", ".join(components) or "the whole stack"
    click.echo(f"{stack}: {what} suspended, {where_it_is(branch)}")
    tell(stack, "suspend", f"{what} is suspended: {reason}")
    if await_update(stack, wait):
        click.echo(f"{stack}: the update that was running has ended")
    if stack.local_state() is None:
        click.echo(f"{stack}: an update that runs on another machine goes on to its end", err=True)


def tell(stack: Stack, action: str, message: str) -> None:
    """Tell the stack's alerts of a suspension or its end, which the newest commit has."""
    from sluice.notification.event import Event  # noqa: PLC0415 - not needed for --help
    from sluice.notification.publication import publish  # noqa: PLC0415 - not needed for --help
    from sluice.reconciliation.commits import newest_commit  # noqa: PLC0415 - the same

    commit = newest_commit(stack.repository)
    result = "suspended" if action == "suspend" else "resumed"
    publish(
        stack.repository, Event(stack.name, "suspension", action, "info", result, message, commit)
    )


def where_it_is(branch: str) -> str:
    """Return where the commit went, and what others have to do to honour it."""
    if branch:
        return f"pushed to {branch}; `git pull` for this checkout to know it"
    return "committed here; nothing was pushed"
