"""`sluice adopt`: keep what was done by hand: patches in the program, a release in the state."""

from __future__ import annotations

from collections.abc import Sequence

import click

from components.runtime.answers import LockedNames
from sluice.console import completion
from sluice.console.options import stack_argument
from sluice.errors import RepositoryError
from sluice.git.working_tree import check_clean
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["adopt"]


@click.command()
@stack_argument
@click.argument("component", shell_complete=completion.components)
def adopt(stack: Stack, component: str) -> None:
    """Write what was changed by hand on COMPONENT into STACK's file.

    Where COMPONENT is a Helm release that helm or Flux has installed, and STACK has not
    deployed it yet: take that release over as it is. Nothing in the cluster is changed;
    `sluice preview` then shows what `sluice up` would change.

    Else shows the patches that it writes, into stacks/STACK.py of your working tree:
    review them, commit them, and then `sluice resume` what was suspended. What a
    patch cannot keep is said, with what to do instead.

    \b
    Example:
      sluice adopt dev ci-agents
    """
    from sluice.authoring.adoption import (  # noqa: PLC0415 - runs the program with Pulumi
        adoption,
        unknown_releases,
    )
    from sluice.authoring.edited_copy import diff, edited_copy  # noqa: PLC0415 - the same
    from sluice.authoring.stack_source import StackSource  # noqa: PLC0415 - not needed for --help
    from sluice.declaration.program import declared  # noqa: PLC0415 - runs the program with Pulumi

    enter(stack.repository)
    releases = unknown_releases(stack, component)
    if releases:
        _take_over(stack, component, releases)
        return
    file = f"stacks/{stack}.py"
    check_clean(stack.repository, file)
    found = adoption(stack, component)
    if not found.patches:
        raise RepositoryError("; ".join(found.refusals) or f"{component} is as it is declared")
    text = (stack.repository.root / file).read_text(encoding="utf-8")
    source = StackSource(text, where=file)
    for patch in found.patches:
        source = source.appended("patches", patch)
    files = {file: source.importing(["Patch"]).text}
    with edited_copy(stack.repository, files) as tried:
        declared(stack.at(tried), LockedNames(tried.root, stack.name))
    click.echo(diff(stack.repository, files), nl=False)
    (stack.repository.root / file).write_text(files[file], encoding="utf-8")
    for sentence in found.refusals:
        click.echo(f"not kept: {sentence}")
    click.echo(f"\n{file} is written; commit it to keep the change")


def _take_over(stack: Stack, component: str, releases: Sequence[str]) -> None:
    from sluice.engine.engine import Engine  # noqa: PLC0415 - runs Pulumi

    suspended = [each.component for each in stack.suspensions()]
    taken = Engine(stack).adopt(component, exclude=suspended)
    left = [each for each in releases if each not in taken]
    for each in taken:
        click.echo(f"{each} is {stack}'s; `sluice preview {stack}` shows what is to be changed")
    if left:
        raise RepositoryError(
            f"{component}: not taken over: {', '.join(left)}; where Helm has no such release, "
            f"`sluice up {stack}` installs it"
        )
