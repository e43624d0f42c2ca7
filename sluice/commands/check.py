"""`sluice check`: what is wrong on this machine, in this repository, with its stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sluice.console.options import chosen_stacks, in_repository, output_option, show, stacks_options
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.checks.machine import Check

__all__ = ["check"]

_MARKS = {True: ("✔", "green"), False: ("✗", "red"), None: ("►", "yellow")}
_WRONG = 2


@click.command()
@click.option("--pre", is_flag=True, help="Only what deploying needs; no state is read.")
@stacks_options
@output_option("table", "json", "yaml")
@click.pass_context
@in_repository
def check(
    repository: Repository,
    ctx: click.Context,
    pre: bool,
    stacks: tuple[str, ...],
    all_stacks: bool,
    output: str,
) -> None:
    """Check the programs, the repository and each stack.

    Of a stack: its program, its cluster, your permissions there, its state. Where
    GITEA_TOKEN is set, Gitea too: the token's scopes, the branch's protection, the
    runners. Nothing is changed. What is wrong (✗) says what to do, and ends with
    exit code 2.

    \b
    Example:
      sluice check --pre
      sluice check --stack dev
    """
    found: list[Check] = []
    for each in _checks(repository, stacks, all_stacks=all_stacks, pre=pre):
        if output == "table":
            _say(each, new=not found or found[-1].about != each.about)
        found.append(each)
    if output != "table":
        show(found, output)
    if any(each.ok is False for each in found):
        ctx.exit(_WRONG)


def _checks(
    repository: Repository, stacks: tuple[str, ...], *, all_stacks: bool, pre: bool
) -> Iterator[Check]:
    from sluice.checks.machine import machine_checks, repository_checks  # noqa: PLC0415

    found = [*machine_checks(), *repository_checks(repository)]
    yield from found
    if any(each.ok is False for each in found):
        return  # the stacks cannot be read without them
    yield from _of_gitea(repository)
    enter(repository)
    for stack in chosen_stacks(repository, stacks, all_stacks=all_stacks):
        yield from _of_stack(stack, pre=pre)


def _of_gitea(repository: Repository) -> Iterator[Check]:
    from sluice.checks.gitea import gitea_checks  # noqa: PLC0415
    from sluice.gitea.client import Gitea  # noqa: PLC0415

    gitea = Gitea.find(repository)
    if gitea is not None:
        yield from gitea_checks(gitea)


def _of_stack(stack: Stack, *, pre: bool) -> Iterator[Check]:
    from sluice.checks.stack import Place, cluster_checks, places, program_checks, state_checks  # noqa: PLC0415

    found, declared = program_checks(stack)
    yield from found
    wanted = places(declared)
    if not pre:
        found, deployed = state_checks(stack)
        yield from found
        owned = deployed.objects if deployed else []
        wanted |= {
            Place.of(each.api_version, each.kind, each.namespace, each.name) for each in owned
        }
    yield from cluster_checks(stack, wanted)


def _say(each: Check, *, new: bool) -> None:
    if new:
        click.echo(f"► checking {each.about}")
    mark, colour = _MARKS[each.ok]
    remedy = f"; to do: {each.remedy}" if each.remedy else ""
    click.echo(f"{click.style(mark, fg=colour)} {each.message}{remedy}")
