"""`sluice lock`: resolve what the stacks leave open, and write it into their lock files."""

from __future__ import annotations

from collections.abc import Collection
from itertools import takewhile

import click

from sluice.console import completion
from sluice.console.options import in_repository
from sluice.console.tables import table
from sluice.errors import RepositoryError
from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.locks.next_lock import NextLock, next_locks
from sluice.locks.publishing import propose_locks
from sluice.stack.repository import Repository

__all__ = ["lock"]

_UPGRADE = "--upgrade"


class _NamesAfterUpgrade(click.Command):
    """Reads `--upgrade [NAME…]`: the arguments after it, up to the next option, are names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if _UPGRADE in args:
            place = args.index(_UPGRADE)
            rest = args[place + 1 :]
            names = list(takewhile(lambda each: not each.startswith("-"), rest))
            ctx.meta[_UPGRADE] = names
            args = [*args[: place + 1], *rest[len(names) :]]
        return super().parse_args(ctx, args)


@click.command(cls=_NamesAfterUpgrade, options_metavar="[OPTIONS] [--upgrade [NAME]...]")
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@click.option(
    _UPGRADE,
    is_flag=True,
    help="Take the newest allowed for each NAME that follows, such as `redis` or `images/redis`; "
    "without one, for everything.",
)
@click.option("--check", is_flag=True, help="Change nothing; fail where a lock does not fit.")
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
@click.option("--push", is_flag=True, help="Commit and push, from a clean checkout.")
@click.option("--pr", is_flag=True, help="The same to a branch, with one pull request.")
@click.pass_context
@in_repository
def lock(
    repository: Repository,
    ctx: click.Context,
    stacks: tuple[str, ...],
    upgrade: bool,
    check: bool,
    dry_run: bool,
    push: bool,
    pr: bool,
) -> None:
    """Resolve charts, images and sources into the locks of STACKS.

    Into stacks/<stack>.lock.yaml of each, of all where none is named. Needs neither
    a cluster nor Pulumi's state. Entries that fit are kept; of all stacks or of
    none a lock is written. With --push or --pr, that is done to the newest commit;
    your working tree plays no part.

    \b
    Example:
      sluice lock
      sluice lock --upgrade --dry-run
      sluice lock prod --upgrade postgresql redis
      sluice lock dev --upgrade --pr
    """
    if check + dry_run + push + pr > 1:
        raise click.UsageError("--check, --dry-run, --push and --pr exclude each other")
    names = (ctx.meta[_UPGRADE] or None) if upgrade else ()
    if push or pr:
        _publish(repository, stacks, names, pr=pr)
        return
    following = next_locks(repository.chosen(stacks), names)
    for each in following:
        _show(each)
    stale = [each for each in following if each.changes]
    if check and stale:
        named = ", ".join(each.stack for each in stale)
        raise RepositoryError(f"the lock of {named} does not fit; run `sluice lock`")
    if not dry_run:
        for each in stale:
            each.save()


def _publish(
    repository: Repository, stacks: tuple[str, ...], names: Collection[str] | None, *, pr: bool
) -> None:
    remote = Remote.of(repository)
    gitea = Gitea.find(repository) if pr else None
    locks, made = propose_locks(remote, gitea, stacks, names, pr=pr)
    for each in locks:
        _show(each)
    if made.branch:
        click.echo(made.told(remote.branch))


def _show(following: NextLock) -> None:
    if not following.changes:
        click.echo(f"{following.stack}: the lock fits")
        return
    cells = [
        (f"{row.section}/{row.name}", row.old or "-", row.new or "-", row.why)
        for row in following.changes
    ]
    click.echo(f"{following.stack}:")
    click.echo(table(("NAME", "OLD", "NEW", "WHY"), cells))
