"""`sluice promote`: what one stack has proven, carried to another."""

from __future__ import annotations

from collections.abc import Callable

import click

from components.lib.locks.promotion import Promotion
from sluice.console import completion
from sluice.console.options import in_repository
from sluice.console.tables import table
from sluice.errors import PromotionError
from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.locks.promotion import Promoting, due
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["promote"]


@click.command()
@click.argument("source", required=False, shell_complete=completion.stacks)
@click.argument("target", required=False, shell_complete=completion.stacks)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--push", is_flag=True, help="Commit and push to the branch that the stacks follow.")
@click.option("--pr", is_flag=True, help="Commit to a branch, and open or update a pull request.")
@click.option("--force", is_flag=True, help="Even where SOURCE is not healthy.")
@click.option(
    "--due", "is_due", is_flag=True, help="What stacks with `promoteAfter` ask for, if it is time."
)
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
@in_repository
def promote(
    repository: Repository,
    source: str | None,
    target: str | None,
    names: tuple[str, ...],
    push: bool,
    pr: bool,
    force: bool,
    is_due: bool,
    dry_run: bool,
) -> None:
    """Carry the versions that SOURCE has locked to TARGET.

    All images, charts and sources, or each NAME. TARGET keeps its own ranges and
    policies; what they do not allow is left, and refused where it is named. The
    last deployment of SOURCE has to have succeeded with just these, and all of it
    has to be ready. Writes TARGET's lock in the working tree, or with --push or
    --pr in a clean checkout of the newest commit.

    \b
    Example:
      sluice promote dev staging --dry-run
      sluice promote staging prod images/app --pr
      sluice promote --due --pr
    """
    if push + pr + dry_run > 1:
        raise click.UsageError("--push, --pr and --dry-run exclude each other")
    if is_due == (source is not None) or (source and not target):
        raise click.UsageError("name SOURCE and TARGET, or say --due")
    enter(repository)
    run = _publisher(repository, pr=pr, again=not is_due) if push or pr else _writer(repository)
    if source and target:
        run(Promoting(source, target, names, force), dry_run)
        return
    for each in due(repository):
        try:
            run(each, dry_run)
        except PromotionError as error:
            click.echo(f"{each.source} -> {each.target}: not yet: {error}")


Run = Callable[[Promoting, bool], None]


def _writer(repository: Repository) -> Run:
    def run(promoting: Promoting, dry_run: bool) -> None:
        planned = promoting.plan(repository) if dry_run else promoting.write_here(repository)
        _show(promoting, planned)

    return run


def _publisher(repository: Repository, *, pr: bool, again: bool) -> Run:
    remote = Remote.of(repository)
    gitea = Gitea.find(repository) if pr else None

    def run(promoting: Promoting, _dry_run: bool) -> None:
        planned, made = promoting.publish(remote, gitea, pr=pr, again=again)
        _show(promoting, planned)
        if made.branch:
            click.echo(made.told(remote.branch))

    return run


def _show(promoting: Promoting, planned: Promotion) -> None:
    title = f"{promoting.source} -> {promoting.target}"
    for name, why in planned.left.items():
        click.echo(f"{title}: {name} is left: {why}")
    if not planned.carried:
        click.echo(f"{title}: nothing to carry")
        return
    rows = [
        (each.name, each.old.shown if each.old else "-", each.new.shown) for each in planned.carried
    ]
    click.echo(table(("NAME", promoting.target.upper(), promoting.source.upper()), rows))
