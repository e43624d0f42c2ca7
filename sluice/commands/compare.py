"""`sluice compare`: what one environment declares otherwise than another."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import click

from sluice.console import completion
from sluice.console.options import in_repository
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = ["compare"]


@click.command()
@click.argument("base", shell_complete=completion.stacks)
@click.argument("other", shell_complete=completion.stacks)
@in_repository
def compare(repository: Repository, base: str, other: str) -> None:
    """Show what stack OTHER declares otherwise than BASE, as a diff.

    Object by object. Needs neither a cluster nor Pulumi's state. Values of Secrets
    are masked.

    \b
    Example:
      sluice compare staging prod
    """
    before, after = (_objects(each) for each in (repository.stack(base), repository.stack(other)))
    changed = [key for key in sorted({**before, **after}) if before.get(key) != after.get(key)]
    for title, kind in changed:
        texts = before.get((title, kind)), after.get((title, kind))
        click.echo("".join(_difference(title, *texts)), nl=False)
    if not changed:
        click.echo(f"{base} and {other} declare the same")


def _objects(stack: Stack) -> dict[tuple[str, str], str]:
    from components.lib.manifests import documents  # noqa: PLC0415 - not needed for --help
    from components.runtime.answers import LockedNames  # noqa: PLC0415 - the same
    from sluice.declaration.program import declared  # noqa: PLC0415 - the same

    resources = declared(stack, LockedNames(stack.repository.root, stack.name))
    return {
        (resource.title, resource.type): documents.dump(resource.inputs)
        for resource in resources
        if not resource.type.startswith("pulumi:providers:")
    }


def _difference(name: str, before: str | None, after: str | None) -> Iterator[str]:
    return difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        (after or "").splitlines(keepends=True),
        fromfile=name if before is not None else "/dev/null",
        tofile=name if after is not None else "/dev/null",
    )
