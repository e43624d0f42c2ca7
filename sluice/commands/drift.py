"""`sluice drift`: what was changed behind the stacks' back, and putting it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from sluice.console.options import in_repository
from sluice.errors import SuspendedError
from sluice.stack.repository import Repository
from sluice.stack.settings import DriftPolicy
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter_state

if TYPE_CHECKING:
    from sluice.drift.drifted import Drift

__all__ = ["drift"]

_HEADERS = ("STACK", "COMPONENT", "OBJECT", "FIELD", "DRIFT", "DECLARED", "LIVE", "BY")
_WIDTH = 40
_DIFFERENCES = 1


@click.command()
@click.argument("stacks", nargs=-1, metavar="STACK...")
@click.option("--all", "everything", is_flag=True, help="Look at every stack.")
@click.option(
    "--correct/--report",
    default=None,
    help="Whether it is put back or only told.  [default: as the stack says]",
)
@click.option("--watch", is_flag=True, help="Go on, and tell what drifts from now on.")
@click.option("--strict", is_flag=True, help="Also what others added to maps that a stack owns.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@in_repository
def drift(
    repository: Repository,
    stacks: tuple[str, ...],
    everything: bool,
    correct: bool | None,
    watch: bool,
    strict: bool,
    output: str,
) -> None:
    """Compare what STACKs own with what is live, field by field.

    Whether drift is corrected or only reported, a stack says in
    `infrastructure:drift`. Ends with 1 where something is not as it is
    declared, with 0 where nothing is or all was put back.

    \b
    Example:
      sluice drift dev
      sluice drift --all --report -o json
      sluice drift prod --correct --watch
    """
    if bool(stacks) == everything:
        raise click.UsageError("give STACKs or --all")
    enter_state(repository)
    chosen = _active(repository.chosen(stacks), named=bool(stacks))
    policies = {stack: _corrects(stack, correct) for stack in chosen}
    if watch:
        _watch(policies, output, strict=strict)
        return
    found = {stack: _look(stack, strict=strict) for stack in chosen}
    left = {
        stack: _corrected(stack, drifted, strict=strict) if policies[stack] and drifted else drifted
        for stack, drifted in found.items()
    }
    _show(found, left, output)
    for stack, drifted in found.items():
        _tell(stack, drifted, left[stack])
    if any(left.values()):
        raise SystemExit(_DIFFERENCES)


def _active(stacks: list[Stack], *, named: bool) -> list[Stack]:
    active = []
    for stack in stacks:
        whole = [entry for entry in stack.suspensions() if not entry.component]
        if whole and named:
            raise SuspendedError(f"{stack}: {whole[0]}; run `sluice resume {stack}`")
        if whole:
            click.echo(f"{stack}: {whole[0]}", err=True)
        else:
            active.append(stack)
    return active


def _corrects(stack: Stack, asked: bool | None) -> bool:
    policy = stack.settings().drift
    return policy is DriftPolicy.CORRECT if asked is None else asked


def _look(stack: Stack, *, strict: bool) -> list[Drift]:
    from sluice.drift.detection import drift as find  # noqa: PLC0415 - a refused call needs none of it

    return find(stack, strict=strict)


def _corrected(stack: Stack, found: Sequence[Drift], *, strict: bool) -> list[Drift]:
    from sluice.drift.correction import correct  # noqa: PLC0415 - Pulumi's import takes long

    return correct(stack, found, strict=strict)


def _watch(policies: dict[Stack, bool], output: str, *, strict: bool) -> None:
    from sluice.drift.watching import watch  # noqa: PLC0415 - only here

    for stack, found in watch(list(policies), strict=strict):
        left = found
        if policies[stack] and found:
            left = _corrected(stack, found, strict=strict)
        _show({stack: found}, {stack: left}, output)
        _tell(stack, found, left)


def _tell(stack: Stack, found: Sequence[Drift], left: Sequence[Drift]) -> None:
    from sluice.drift.telling import drift_event  # noqa: PLC0415 - a refused call needs none of it
    from sluice.notification.publication import publish  # noqa: PLC0415 - the same

    publish(stack.repository, drift_event(stack, found, left, _summary(found, left)))


def _show(found: dict[Stack, list[Drift]], left: dict[Stack, list[Drift]], output: str) -> None:
    if output == "json":
        from sluice.console.options import show  # noqa: PLC0415 - only here
        from sluice.drift.report import DriftedField  # noqa: PLC0415

        show(
            [
                DriftedField.of(stack.name, drifted, corrected=drifted not in left[stack])
                for stack, each in found.items()
                for drifted in each
            ],
            output,
        )
        return
    cells = [row for stack, each in found.items() for row in _cells(stack.name, each)]
    if cells:
        from sluice.console.tables import table  # noqa: PLC0415 - mostly there is nothing to show

        click.echo(table(_HEADERS, cells))
    for stack, each in found.items():
        click.echo(f"{stack}: {_summary(each, left[stack])}")


def _summary(found: Sequence[Drift], left: Sequence[Drift]) -> str:
    if not found:
        return "no drift"
    objects = len({(each.kind, each.namespace, each.name) for each in found})
    told = f"drift in {objects} object{'' if objects == 1 else 's'}"
    if left == found:
        return told
    return f"{told}, {'all put back' if not left else f'{len(left)} fields not put back'}"


def _cells(stack: str, found: Iterable[Drift]) -> Iterator[tuple[str, ...]]:
    for each in found:
        path = f"{each.namespace}/{each.name}" if each.namespace else each.name
        yield (
            *(stack, each.component, f"{each.kind} {path}", each.path or "-", each.why),
            *(_short(each.declared), _short(each.live), each.manager or "-"),
        )


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
