"""`sluice adopt`: keep what was changed by hand, as patches in the stack's file."""

from __future__ import annotations

import click

from components.locked import LockedNames
from sluice import completion
from sluice.checkout import check_clean
from sluice.errors import RepositoryError
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter

__all__ = ["adopt"]


@click.command()
@click.argument("stack", shell_complete=completion.stacks)
@click.argument("component", shell_complete=completion.components)
@in_repository
def adopt(repository: Repository, stack: str, component: str) -> None:
    """Write what was changed by hand on COMPONENT into STACK's file.

    Shows the patches that it writes, into stacks/STACK.py of your working tree:
    review them, commit them, and then `sluice resume` what was suspended. What a
    patch cannot keep is said, with what to do instead.

    \b
    Example:
      sluice adopt dev ci-agents
    """
    from sluice.adoption import adoption  # noqa: PLC0415 - runs the program with Pulumi
    from sluice.declarations import declared  # noqa: PLC0415 - the same
    from sluice.source import StackSource  # noqa: PLC0415 - not needed for --help
    from sluice.trial import diff, trial  # noqa: PLC0415 - the same

    enter(repository)
    repository.chosen((stack,))
    file = f"stacks/{stack}.py"
    check_clean(repository, file)
    found = adoption(repository, stack, component)
    if not found.patches:
        raise RepositoryError("; ".join(found.refusals) or f"{component} is as it is declared")
    text = (repository.root / file).read_text(encoding="utf-8")
    source = StackSource(text, where=file)
    for patch in found.patches:
        source = source.appended("patches", patch)
    files = {file: source.importing(["Patch"]).text}
    with trial(repository, files) as tried:
        declared(tried, stack, LockedNames(tried.root, stack))
    click.echo(diff(repository, files), nl=False)
    (repository.root / file).write_text(files[file], encoding="utf-8")
    for sentence in found.refusals:
        click.echo(f"not kept: {sentence}")
    click.echo(f"\n{file} is written; commit it to keep the change")
