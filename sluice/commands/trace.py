"""`sluice trace`: where an object comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sluice.console import completion
from sluice.console.options import chosen_stacks, in_repository, output_option, show, stacks_options
from sluice.console.tables import table
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.status.trace import Trace

__all__ = ["trace"]


@click.command()
@click.argument("kind", shell_complete=completion.kinds)
@click.argument("name", shell_complete=completion.objects)
@click.option("-n", "--namespace", default="", help="Only in this namespace.")
@stacks_options
@output_option("table", "json", "yaml")
@in_repository
def trace(
    repository: Repository,
    kind: str,
    name: str,
    namespace: str,
    stacks: tuple[str, ...],
    all_stacks: bool,
    output: str,
) -> None:
    """Show which component, line and commit put an object there.

    The commit's pull request too. An object of a Helm release is traced by the
    release, a pod by what owns it. The commit is the newest that changed the
    declaration of the component.

    \b
    Example:
      sluice trace deployment ci-agents -n ci-agents --stack dev
      sluice trace pod redis-master-0 -o json
    """
    from sluice.inventory.deployed import Deployed  # noqa: PLC0415
    from sluice.inventory.owners import owners_of  # noqa: PLC0415
    from sluice.status.trace import trace_of  # noqa: PLC0415

    enter(repository)
    chosen = chosen_stacks(repository, stacks, all_stacks=all_stacks)
    found = [
        trace_of(repository, deployed, ownership)
        for stack in chosen
        for deployed in [Deployed.of(stack)]
        if deployed.components
        for ownership in owners_of(deployed, stack.cluster(), kind, namespace, name)
    ]
    if not found:
        path = f"{namespace}/{name}" if namespace else name
        raise RepositoryError(
            f"{', '.join(map(str, chosen))}: {kind} {path} is not there, or no stack declares it"
        )
    if output == "table":
        click.echo("\n---\n".join(table((), list(_lines(each))) for each in found))
    else:
        show(found, output)


def _lines(found: Trace) -> Iterator[tuple[str, str]]:
    origin = found.origin
    yield "Object:", found.object
    if found.through:
        yield "Owned by:", ", ".join(found.through)
    if found.release:
        yield "Helm release:", found.release
    yield "Component:", found.component
    yield "Stack:", found.stack
    yield "Declared at:", found.where or "-"
    yield "Revision:", found.revision
    if origin is None:
        yield "Commit:", "unknown: Git does not have what was deployed"
        return
    yield "Commit:", f"{origin.commit[:7]} {origin.subject}"
    yield "Author:", f"{origin.author}, {origin.date:%Y-%m-%d %H:%M %Z}"
    yield "Pull request:", f"#{origin.pull_request}" if origin.pull_request else "-"
