"""`sluice resume`: reconcile again what was suspended, after showing what that changes."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from sluice import completion
from sluice.checkout import Remote, checked_out, head
from sluice.commands.progress import progress
from sluice.commands.suspend import tell, where_it_is
from sluice.errors import NoRemoteError
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter
from sluice.suspension import resume as resume_in_git
from sluice.suspension import without
from sluice.tables import table

if TYPE_CHECKING:
    from sluice.drift import Drift

__all__ = ["resume"]

_HEADERS = ("COMPONENT", "OBJECT", "FIELD", "DECLARED", "LIVE", "BY")


@click.command()
@click.argument("stack", shell_complete=completion.stacks)
@click.argument("components", nargs=-1, shell_complete=completion.components)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--no-push", is_flag=True, help="Commit to the branch that is checked out.")
@in_repository
def resume(
    repository: Repository, stack: str, components: tuple[str, ...], yes: bool, no_push: bool
) -> None:
    """End the suspension of STACK or its COMPONENTS, and reconcile.

    Shows first what was changed by hand meanwhile, which is put back; to keep it,
    run `sluice adopt` and push its patch before.

    \b
    Example:
      sluice resume dev ci-agents
      sluice resume prod --yes
    """
    enter(repository)
    repository.chosen((stack,))
    with _newest(repository, push=not no_push) as checkout:
        without(checkout, stack, components)
        _show(stack, _by_hand(checkout, stack, components))
    if not yes:
        click.confirm("Put it back, and go on as declared?", abort=True)
    branch = resume_in_git(repository, stack, components, push=not no_push)
    what = ", ".join(components) or "the whole stack"
    click.echo(f"{stack}: {what} resumed, {where_it_is(branch)}")
    tell(repository, stack, "resume", f"{what} is resumed")
    with _newest(repository, push=not no_push) as checkout:
        _reconcile(repository, checkout, stack)


def _newest(repository: Repository, *, push: bool) -> AbstractContextManager[Repository]:
    """Give a checkout of the newest commit, where there is a remote that of its branch."""
    try:
        return checked_out(repository, Remote.of(repository).fetch() if push else "HEAD")
    except NoRemoteError:
        return checked_out(repository, "HEAD")


def _by_hand(repository: Repository, stack: str, components: Collection[str]) -> list[Drift]:
    from sluice.drift import drift  # noqa: PLC0415 - asks the cluster, not needed for --help

    found = drift(repository, stack)
    return [each for each in found if not components or each.component in components]


def _show(stack: str, found: list[Drift]) -> None:
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


def _reconcile(repository: Repository, checkout: Repository, stack: str) -> None:
    from sluice.reconciliation import reconcile_stack  # noqa: PLC0415 - not needed for --help

    with progress(repository, stack) as watch:
        done = reconcile_stack(repository, checkout, stack, head(checkout), watch=watch)
    click.echo(f"{stack}: {done.result} at {done.commit[:7]}: {done.message}")
