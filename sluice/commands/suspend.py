"""`sluice suspend`: leave a stack or a part of it as it is, until it is resumed."""

from __future__ import annotations

import click

from sluice import completion
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter
from sluice.suspension import suspend as suspend_in_git

__all__ = ["suspend", "tell", "where_it_is"]


@click.command()
@click.argument("stack", shell_complete=completion.stacks)
@click.argument("components", nargs=-1, shell_complete=completion.components)
@click.option("--reason", required=True, help="Why; kept with your name and the time.")
@click.option("--no-push", is_flag=True, help="Commit to the branch that is checked out.")
@in_repository
def suspend(
    repository: Repository, stack: str, components: tuple[str, ...], reason: str, no_push: bool
) -> None:
    """Leave STACK, or COMPONENTS of it, out of every update.

    Drift of it is not corrected either. An entry in stacks/Pulumi.STACK.yaml says
    who, when and why; it is committed and pushed. A name stands for every component
    of that name.

    \b
    Example:
      sluice suspend dev ci-agents --reason "scaled by hand while the queue is long"
      sluice suspend prod --reason "the database is being moved"
    """
    if not reason.strip():
        raise click.UsageError("--reason: say why, for those who find it suspended")
    enter(repository)
    repository.chosen((stack,))
    branch = suspend_in_git(repository, stack, components, reason, push=not no_push)
    what = ", ".join(components) or "the whole stack"
    click.echo(f"{stack}: {what} suspended, {where_it_is(branch)}")
    tell(repository, stack, "suspend", f"{what} is suspended: {reason}")


def tell(repository: Repository, stack: str, action: str, message: str) -> None:
    """Tell the stack's alerts of a suspension or its end, which the newest commit has."""
    from sluice.alerts import Event, publish  # noqa: PLC0415 - not needed for --help
    from sluice.reconciliation import newest_commit  # noqa: PLC0415 - the same

    commit = newest_commit(repository)
    result = "suspended" if action == "suspend" else "resumed"
    publish(repository, Event(stack, "suspension", action, "info", result, message, commit))


def where_it_is(branch: str) -> str:
    """Return where the commit went, and what others have to do to honour it."""
    if branch:
        return f"pushed to {branch}; `git pull` for this checkout to know it"
    return "committed here; nothing was pushed"
