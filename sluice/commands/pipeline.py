"""`sluice pipeline`: what the jobs of `.gitea/workflows` call, one verb a step."""

from __future__ import annotations

from pathlib import Path

import click

from sluice import completion
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter

__all__ = ["pipeline"]


@click.group()
def pipeline() -> None:
    """Preview the stacks of a pull request, and report on it.

    \b
    Example:
      sluice pipeline preview dev --out previews/dev.json
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
    """Write what `sluice up` would do to STACK at a commit, which is checked out apart.

    A preview that fails is written too, with its reason; the command succeeds
    then, so that the report can tell it.

    \b
    Example:
      sluice pipeline preview dev --commit HEAD --out previews/dev.json
      sluice pipeline preview dev --base origin/main --offline --out previews/dev.json
    """
    from sluice.checkout import resolved  # noqa: PLC0415 - completion does without
    from sluice.pipeline.record import save  # noqa: PLC0415

    enter(repository)
    if offline and not base:
        raise click.UsageError("--offline needs --base, the commit to compare with")
    head = resolved(repository, commit)
    before = resolved(repository, base) if base else ""
    if offline:
        from sluice.pipeline.offline import offline_preview  # noqa: PLC0415

        record = offline_preview(repository, stack, head, before)
    else:
        from sluice.pipeline.preview import preview as previewed  # noqa: PLC0415

        record = previewed(repository, stack, head, before)
    save(record, out)
    for note in record.notes:
        click.echo(f"{stack}: {note}", err=True)
    click.echo(f"{stack}: {record.sentence}")
