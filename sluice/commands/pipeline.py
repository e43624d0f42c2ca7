"""`sluice pipeline`: what the jobs of `.gitea/workflows` call, one verb a step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import in_repository
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.report.comment import Place

__all__ = ["pipeline"]


@click.group()
def pipeline() -> None:
    """Preview the stacks of a pull request, and report on it.

    \b
    Example:
      sluice pipeline previews --base origin/main --out previews
      sluice pipeline report --pull-request 7 --previews previews
    """


@pipeline.command()
@click.argument("stack", shell_complete=completion.stacks)
@click.option("--commit", default="HEAD", show_default=True, help="The commit to preview.")
@click.option("--base", default="", metavar="COMMIT", help="The commit that it changes.")
@click.option(
    "--offline", is_flag=True, help="Compare with --base: no cluster, no state, no secret."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, as docs/schemas/pipeline-preview.json says.",
)
@in_repository
def preview(
    repository: Repository, stack: str, commit: str, base: str, offline: bool, out: Path
) -> None:
    """Write what `sluice up` would do to STACK at a commit.

    The commit is checked out apart. A preview that fails is written too, with its
    reason; the command succeeds then, so that the report can tell it.

    \b
    Example:
      sluice pipeline preview dev --commit HEAD --out previews/dev.json
      sluice pipeline preview dev --base origin/main --offline --out previews/dev.json
    """
    from sluice.git.commits import resolved  # noqa: PLC0415 - completion does without
    from sluice.report.record import save  # noqa: PLC0415

    enter(repository)
    if offline and not base:
        raise click.UsageError("--offline needs --base, the commit to compare with")
    head = resolved(repository, commit)
    before = resolved(repository, base) if base else ""
    if offline:
        from sluice.pipeline.offline import offline_preview  # noqa: PLC0415

        record = offline_preview(Stack(repository, stack), head, before)
    else:
        from sluice.pipeline.preview import preview as previewed  # noqa: PLC0415

        record = previewed(Stack(repository, stack), head, before)
    save(record, out)
    for note in record.notes:
        click.echo(f"{stack}: {note}", err=True)
    click.echo(f"{stack}: {record.sentence}")


@pipeline.command()
@click.option("--commit", default="HEAD", show_default=True, help="The commit to preview.")
@click.option("--base", required=True, metavar="COMMIT", help="The branch that it changes.")
@click.option("--offline", is_flag=True, help="Compare commits: no cluster, no state, no secret.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write each stack's preview into.",
)
@in_repository
def previews(repository: Repository, commit: str, base: str, offline: bool, out: Path) -> None:
    """Write previews of all stacks that a commit can affect.

    The commit is compared with where its history left --base; the other stacks
    are written down as not affected. Several are made at once.

    \b
    Example:
      sluice pipeline previews --base origin/main --out previews
    """
    from sluice.git.commits import forked_from, resolved  # noqa: PLC0415 - completion does without
    from sluice.pipeline.previews import Previews  # noqa: PLC0415

    head = resolved(repository, commit)
    before = forked_from(repository, resolved(repository, base), head)
    for line in Previews(repository, head, before, out.absolute(), offline).write():
        click.echo(line)


@pipeline.command()
@click.option("--pull-request", "number", type=int, metavar="N", help="The pull request to tell.")
@click.option(
    "--previews",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the previews.  [default: those that are kept of the commit]",
)
@click.option("--commit", default="HEAD", show_default=True, help="The commit that was previewed.")
@click.option(
    "--print", "printed", is_flag=True, help="Print the comment instead; Gitea is told nothing."
)
@in_repository
def report(
    repository: Repository, number: int | None, folder: Path | None, commit: str, printed: bool
) -> None:
    """Tell pull request N what merging it does.

    One comment, and a status for each stack. The comment is replaced on every push,
    and made anew from what is kept where only the labels changed. Needs
    $GITEA_TOKEN, but with --print nothing.

    \b
    Example:
      sluice pipeline report --pull-request 7 --previews previews
      sluice pipeline report --pull-request 7
      sluice pipeline report --previews previews --print
    """
    from sluice.git.commits import resolved  # noqa: PLC0415 - completion does without
    from sluice.report.record import load  # noqa: PLC0415

    files = sorted(folder.glob("*.json")) if folder else []
    found = [load(file) for file in files]
    order = {stack: place for place, stack in enumerate(repository.stacks)}
    found.sort(key=lambda each: order.get(each.stack, len(order)))
    if printed:
        from sluice.report.comment import comment  # noqa: PLC0415

        click.echo(comment(found, _place(repository), allowed=False), nl=False)
        return
    if number is None:
        raise click.UsageError("which pull request? Give --pull-request N, or --print")
    from sluice.gitea.client import Gitea  # noqa: PLC0415
    from sluice.pipeline.report import report as tell  # noqa: PLC0415

    gitea = Gitea.of(repository)
    head = resolved(repository, commit)
    click.echo(tell(gitea, number, head, found if folder else None))


def _place(repository: Repository) -> Place:
    from sluice.errors import RepositoryError  # noqa: PLC0415 - completion does without
    from sluice.gitea.location import locate  # noqa: PLC0415
    from sluice.report.comment import Place  # noqa: PLC0415

    try:
        found = locate(repository, os.environ)
    except RepositoryError:  # it was never pushed: there is nothing to link
        return Place("", "")
    return Place(f"{found.server}/{found.owner}/{found.name}", found.server)
