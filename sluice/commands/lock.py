"""`sluice lock`: resolve what the stacks leave open, and write it into their lock files."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click

from components.artifacts.chart_source import RemoteCharts
from components.artifacts.lock import ChartRequest, Lock
from components.artifacts.mirrors import Mirrors
from components.artifacts.resolution import Change, changes, resolve
from components.charts import MACHINE_MIRRORS, lock_file
from sluice import completion
from sluice.declarations import declared
from sluice.errors import RepositoryError
from sluice.repository import Repository, in_repository
from sluice.tables import table

__all__ = ["lock"]


class _Requests:
    """Collects what is asked for, and locks nothing."""

    def __init__(self) -> None:
        self.made: list[ChartRequest] = []

    def chart(self, request: ChartRequest) -> tuple[str, str]:
        self.made.append(request)
        return f"./{request.chart}", request.range


@click.command()
@click.argument("stacks", nargs=-1, shell_complete=completion.stacks)
@click.option("--upgrade", multiple=True, metavar="NAME", help="Take the newest allowed for NAME.")
@click.option("--upgrade-all", is_flag=True, help="Take the newest allowed for everything.")
@click.option("--check", is_flag=True, help="Change nothing; fail where a lock does not fit.")
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
@in_repository
def lock(
    repository: Repository,
    stacks: tuple[str, ...],
    upgrade: tuple[str, ...],
    upgrade_all: bool,
    check: bool,
    dry_run: bool,
) -> None:
    """Resolve chart ranges into stacks/<stack>.lock.yaml, for STACKS or all.

    Needs neither a cluster nor Pulumi's state. Entries that fit are kept.

    \b
    Example:
      sluice lock
      sluice lock prod --upgrade postgresql
    """
    stale = []
    for stack in repository.chosen(stacks):
        file = lock_file(repository.root, stack)
        current = Lock.load(file)
        wanted = _requests(repository, stack)
        names = [request.name for request in wanted] if upgrade_all else upgrade
        following = resolve(wanted, current, _source(repository, stack), _today(), names)
        rows = changes(current, following)
        _show(stack, rows)
        if rows and not (check or dry_run):
            following.save(file)
        stale += [stack] if rows else []
    if check and stale:
        raise RepositoryError(f"the lock of {', '.join(stale)} does not fit; run `sluice lock`")


def _requests(repository: Repository, stack: str) -> list[ChartRequest]:
    requests = _Requests()
    declared(repository, stack, requests)
    return requests.made


def _source(repository: Repository, stack: str) -> RemoteCharts:
    mirrors = Mirrors(repository.setting(stack, "mirrors") or {})
    return RemoteCharts(mirrors.merged(Mirrors.load(repository.root / MACHINE_MIRRORS)))


def _show(stack: str, rows: list[Change]) -> None:
    if not rows:
        click.echo(f"{stack}: the lock fits")
        return
    cells = [(row.name, row.old or "-", row.new or "-", row.why) for row in rows]
    click.echo(f"{stack}:")
    click.echo(table(("NAME", "OLD", "NEW", "WHY"), cells))


def _today() -> date:
    return datetime.now(tz=UTC).date()
