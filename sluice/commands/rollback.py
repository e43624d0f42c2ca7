"""`sluice rollback`: a stack back to an earlier deployment, after showing what that does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import in_repository
from sluice.errors import DeploymentError, LockedError, RepositoryError
from sluice.rollback.target import LAST_GOOD
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.diff.change import Change
    from sluice.rollback.planning import RollbackPlan
    from sluice.rollback.rollback import Rollback

__all__ = ["rollback"]


@click.command()
@click.argument("stack", shell_complete=completion.stacks)
@click.option(
    "--to",
    default=LAST_GOOD,
    show_default=True,
    metavar="N|COMMIT|last-good",
    help="The deployment, as `sluice history` numbers them.",
)
@click.option("--push", is_flag=True, help="Push to the branch itself, not to one to be reviewed.")
@click.option(
    "--now", is_flag=True, help="Apply the earlier commit at once; Git agrees afterwards."
)
@click.option("--own-files", is_flag=True, help="Restore only files that no other stack reads.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@in_repository
def rollback(
    repository: Repository,
    stack: str,
    to: str,
    push: bool,
    now: bool,
    own_files: bool,
    yes: bool,
) -> None:
    """Take STACK back to an earlier deployment.

    Shows what will change and what cannot come back, and asks. By default a pull
    request brings the earlier files back, to be reviewed and merged. The
    last good deployment is the newest that succeeded, from a clean commit
    that is not the current one's.

    With --now, for an emergency: the stack is suspended, so that nothing
    undoes it; the earlier commit is applied as it was, with its own locks,
    configuration and programs; and a branch is pushed that makes Git agree
    and ends the suspension when it is merged.

    \b
    Example:
      sluice rollback prod
      sluice rollback prod --to 41 --now
    """
    from sluice.rollback.planning import plan, plan_now  # noqa: PLC0415 - not needed for --help
    from sluice.rollback.rollback import prepare  # noqa: PLC0415 - the same

    if now and (push or own_files):
        raise click.UsageError(
            "--now restores everything, on a branch: without --push, --own-files"
        )
    enter(repository)
    # What the working tree says plays no part: it may be what broke.
    chosen = prepare(Stack(repository, stack), to)
    planned = plan_now(chosen) if now else plan(chosen, only_own=own_files)
    click.echo(_shown(chosen, planned))
    if not now and not planned.restoration.paths:
        click.echo(f"\nGit declares this already; {_afterwards(chosen)}")
        return
    _ask(yes=yes)
    if now:
        _apply(chosen, planned)
    elif push:
        commit = chosen.push(only_own=own_files)
        click.echo(f"Pushed {commit[:7]} to {chosen.remote}; {_afterwards(chosen)}")
    else:
        branch = chosen.propose(only_own=own_files)
        click.echo(_proposed(chosen, branch))


def _apply(chosen: Rollback, planned: RollbackPlan) -> None:
    stack = chosen.stack
    try:
        outcome, branch = chosen.apply(
            differs=bool(planned.restoration.paths), watch=lambda _urn: None
        )
    except (DeploymentError, LockedError):
        click.echo(
            f"{stack} is not where it should be, and suspended so that nothing interferes: roll "
            f"back again, or go on from Git with `sluice resume {stack}`",
            err=True,
        )
        raise
    click.echo(f"{stack}: {outcome}")
    if branch:
        click.echo(
            f"{stack} is suspended. {_proposed(chosen, branch)}: when it is "
            "merged, Git agrees and the stack is resumed"
        )
    elif chosen.suspension is not None:
        click.echo(
            f"{stack} is resumed, for {chosen.remote} declares the same; close the pull request "
            "of the earlier rollback"
        )


def _proposed(chosen: Rollback, branch: str) -> str:
    """Open the pull request from a pushed branch, and say where it is, or how to open it."""
    from sluice.gitea.client import Gitea  # noqa: PLC0415 - not needed for --help

    base = chosen.remote.branch
    gitea = Gitea.find(chosen.stack.repository)
    if gitea is None:
        return f"Pushed branch {branch}; open a pull request from it to {base}"
    title, _, body = chosen.message.partition("\n")
    made = gitea.propose(head=branch, base=base, title=title, body=body.strip())
    return f"Pushed branch {branch} and opened pull request #{made.number}: {made.url}"


def _afterwards(chosen: Rollback) -> str:
    if chosen.suspension is not None:
        return f"nothing is applied while {chosen.stack} is {chosen.suspension}"
    return f"`sluice reconcile {chosen.stack}` applies it"


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise RepositoryError("there is no terminal to ask on; say --yes. Nothing was changed")
    click.confirm("Go on?", abort=True)


def _shown(chosen: Rollback, planned: RollbackPlan) -> str:
    target = chosen.target
    title = (
        f"{chosen.stack} back to deployment {target.number}: commit {target.commit[:7]} of "
        f"{target.author or 'nobody known'}, deployed on {target.started:%Y-%m-%d %H:%M} UTC"
    )
    parts = [
        title,
        _changes(planned.outcome.changes),
        _listed("What does not come back:", planned.lost),
        _listed("Files that are restored:", planned.restoration.paths),
        _listed("Other stacks change too once this is merged:", _others(planned)),
    ]
    return "\n\n".join(part for part in parts if part)


def _changes(changes: Sequence[Change]) -> str:
    from sluice.console.tables import table  # noqa: PLC0415 - not needed for --help

    if not changes:
        return "No object changes."
    rows = [
        (
            change.operation,
            change.kind,
            f"{change.namespace}/{change.name}" if change.namespace else change.name,
            change.component,
            ", ".join(field.path for field in change.fields),
        )
        for change in changes
    ]
    return table(("CHANGE", "KIND", "NAME", "COMPONENT", "FIELDS"), rows)


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def _others(planned: RollbackPlan) -> list[str]:
    return [f"{stack}: {', '.join(titles)}" for stack, titles in planned.others.items()]
