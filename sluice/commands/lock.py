"""`sluice lock`: resolve what the stacks leave open, and write it into their lock files."""

from __future__ import annotations

from itertools import takewhile

import click

from sluice import completion
from sluice.errors import RepositoryError
from sluice.locking import NextLock, next_locks
from sluice.repository import Repository, in_repository
from sluice.tables import table

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
@click.pass_context
@in_repository
def lock(
    repository: Repository,
    ctx: click.Context,
    stacks: tuple[str, ...],
    upgrade: bool,
    check: bool,
    dry_run: bool,
) -> None:
    """Resolve charts, images and sources into stacks/<stack>.lock.yaml, for STACKS or all.

    Needs neither a cluster nor Pulumi's state. Entries that fit are kept; of
    all stacks or of none a lock is written.

    \b
    Example:
      sluice lock
      sluice lock --upgrade --dry-run
      sluice lock prod --upgrade postgresql redis
    """
    names = (ctx.meta[_UPGRADE] or None) if upgrade else ()
    following = next_locks(repository, repository.chosen(stacks), names)
    for each in following:
        _show(each)
    stale = [each for each in following if each.changes]
    if check and stale:
        named = ", ".join(each.stack for each in stale)
        raise RepositoryError(f"the lock of {named} does not fit; run `sluice lock`")
    if not dry_run:
        for each in stale:
            each.save()


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
