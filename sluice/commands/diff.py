"""`sluice diff`: what differs between Git and the cluster."""

from __future__ import annotations

import difflib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import click

from components.lib.manifests import documents
from sluice.console import completion
from sluice.console.options import output_option, show, stack_argument
from sluice.declaration.desired import DesiredState
from sluice.diff.change import OPERATIONS, VERBS
from sluice.diff.danger import urgency
from sluice.diff.difference import Comparison, Difference, StackDifference
from sluice.git.worktree import checked_out
from sluice.plan.stack_diff import differences
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["diff"]

_COLOURS: Mapping[str, str] = {"+": "green", "-": "red", "@": "cyan", "#": "yellow"}
_DIFFERENT = 1
_MANY = 3


@click.command()
@stack_argument
@click.argument(
    "components", nargs=-1, metavar="[COMPONENT]...", shell_complete=completion.components
)
@click.option("--ref", metavar="COMMIT", help="What a commit's stacks declare.  [default: files]")
@output_option("diff", "json", "yaml")
def diff(
    stack: Stack,
    components: tuple[str, ...],
    ref: str | None,
    output: str,
) -> None:
    """Show how the cluster of STACK differs from the working tree.

    Each object, those of Helm releases too, is applied by a dry run on the
    server. Secret values are masked. Changes that lose data come first. The
    exit code is 1 where something differs, moves or is not known, else 0.

    \b
    Example:
      sluice diff dev
      sluice diff prod redis --ref HEAD~1 -o json
    """
    enter(stack.repository)
    with checked_out(stack.repository, ref) if ref else nullcontext(stack.repository) as source:
        desired = DesiredState(stack.at(source))
        found, unknown = differences(desired, stack.state(), components)
    found.differences.sort(key=lambda each: urgency(each.operation, each.identity.kind))
    if output != "diff":
        show(StackDifference.of(stack.name, found, unknown), output)
    else:
        _show(stack.name, found, unknown)
    if found.differences or found.moves or unknown:
        sys.exit(_DIFFERENT)


def _show(stack: str, found: Comparison, unknown: Mapping[str, str]) -> None:
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for difference in found.differences:
        for line in _lines(difference):
            colour = _COLOURS.get(line[0]) if coloured else None
            click.echo(click.style(line, fg=colour) if colour else line)
    for release, reason in unknown.items():
        click.echo(f"# {release} is not compared: {reason}")
    for move in found.moves:
        click.echo(f"# {move}")
    for line in _ignored(found):
        click.echo(f"# not compared: {line}", err=True)
    counted = Counter(each.operation for each in found.differences)
    counted["move"] = len(found.moves)
    words = [f"{counted[each]} to {VERBS[each]}" for each in OPERATIONS if counted[each]]
    click.echo(f"{stack}: {', '.join([*words, f'{found.unchanged} as declared'])}", err=True)


def _lines(difference: Difference) -> Iterator[str]:
    owner = f", HelmRelease {difference.release}" if difference.release else ""
    yield f"# {VERBS[difference.operation]}, component {difference.component}{owner}"
    if difference.note:
        yield f"# {difference.note}"
    if difference.refusal:
        yield f"# the cluster refuses it: {difference.refusal}"
    for warning in difference.warnings:
        yield f"# the cluster warns: {warning}"
    if difference.loss:
        yield f"# lost with it: {difference.loss}"
    before, after = _text(difference.before), _text(difference.after)
    old = f"{difference.identity} (live)" if before else "/dev/null"
    new = f"{difference.identity} (declared)" if after else "/dev/null"
    yield from difflib.unified_diff(before, after, old, new, lineterm="")


def _text(manifest: Mapping[str, Any] | None) -> list[str]:
    return documents.dump(manifest).splitlines() if manifest else []


def _ignored(found: Comparison) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for each in found.ignored:
        path = f" {each.path}" if each.path else ""
        reasons.setdefault(each.reason, []).append(f"{each.identity}{path}")
    for reason, objects in reasons.items():
        many = len(objects) > _MANY
        yield f"{f'{len(objects)} objects' if many else ', '.join(objects)}: {reason}"
