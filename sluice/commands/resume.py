"""`sluice resume`: reconcile again what was suspended, after showing what that changes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from sluice.commands.suspend import tell, where_it_is
from sluice.console import completion
from sluice.console.options import stack_argument
from sluice.console.progress import progress
from sluice.errors import NoRemoteError
from sluice.stack.repository import Checkout, Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.drift.drifted import Drift

__all__ = ["resume"]

_HEADERS = ("COMPONENT", "OBJECT", "FIELD", "DECLARED", "LIVE", "BY")


@click.command()
@stack_argument
@click.argument("components", nargs=-1, shell_complete=completion.components)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--no-push", is_flag=True, help="Commit to the branch that is checked out.")
def resume(stack: Stack, components: tuple[str, ...], yes: bool, no_push: bool) -> None:
    """End the suspension of STACK or its COMPONENTS, and reconcile.

    Shows first what was changed by hand meanwhile, which is put back; to keep it,
    run `sluice adopt` and push its patch before.

    \b
    Example:
      sluice resume dev ci-agents
      sluice resume prod --yes
    """
    from sluice.git.commits import head  # noqa: PLC0415 - not needed for --help
    from sluice.reconciliation.commits import newest_commit  # noqa: PLC0415 - the same
    from sluice.reconciliation.suspending import resume as resume_in_git  # noqa: PLC0415 - the same
    from sluice.stack.suspension import without  # noqa: PLC0415 - the same

    enter(stack.repository)
    with _newest(stack.repository, push=not no_push) as checkout:
        without(stack.at(checkout), components)
        _show(stack, _by_hand(stack.at(checkout), components))
    if not yes:
        click.confirm("Put it back, and go on as declared?", abort=True)
    branch = resume_in_git(stack, components, push=not no_push)
    what = ", ".join(components) or "the whole stack"
    click.echo(f"{stack}: {what} resumed, {where_it_is(branch)}")
    tell(stack, "resume", f"{what} is resumed")
    _reconcile(stack, newest_commit if branch else head)


def _newest(repository: Repository, *, push: bool) -> AbstractContextManager[Checkout]:
    """Give a checkout of the newest commit, where there is a remote that of its branch."""
    from sluice.git.remote import Remote  # noqa: PLC0415 - not needed for --help
    from sluice.git.worktree import checked_out  # noqa: PLC0415 - the same

    try:
        return checked_out(repository, Remote.of(repository).fetch() if push else "HEAD")
    except NoRemoteError:
        return checked_out(repository, "HEAD")


def _by_hand(stack: Stack, components: Collection[str]) -> list[Drift]:
    from sluice.drift.detection import drift  # noqa: PLC0415 - asks the cluster, not needed for --help

    found = drift(stack)
    return [each for each in found if not components or each.component in components]


def _show(stack: Stack, found: list[Drift]) -> None:
    from sluice.console.tables import table  # noqa: PLC0415 - not needed for --help

    if not found:
        click.echo(f"{stack}: nothing was changed by hand meanwhile")
        return
    rows = [
        (
            each.component,
            f"{each.kind} {each.namespace}/{each.name}".replace(" /", " "),
            each.path or each.why,
            each.declared,
            each.live,
            each.manager or "-",
        )
        for each in found
    ]
    click.echo(f"{stack}: changed by hand meanwhile:")
    click.echo(table(_HEADERS, rows))


def _reconcile(stack: Stack, find: Callable[[Repository], str]) -> None:
    from sluice.reconciliation.commits import Commits  # noqa: PLC0415 - not needed for --help
    from sluice.reconciliation.reconciliation import reconcile_stack  # noqa: PLC0415 - the same

    with Commits(stack.repository, find) as commits, progress(stack) as watch:
        done = reconcile_stack(stack, commits, watch=watch)
    click.echo(f"{stack}: {done.result} at {done.commit[:7]}: {done.message}")
