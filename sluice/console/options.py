"""Options that several verbs share: which stacks, and how the answer is written."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from components.errors import DeclarationError
from sluice.console import completion
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

__all__ = [
    "Duration",
    "chosen_stacks",
    "in_repository",
    "one_stack",
    "output_option",
    "show",
    "stack_argument",
    "stacks_options",
    "wait_option",
]

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
T = TypeVar("T")


def stacks_options(command: F) -> F:
    """Add `--stack`, which may be given again, and `-A`; `chosen_stacks` reads them."""
    every = click.option(
        "-A", "--all-stacks", is_flag=True, help="Every stack, whatever $PULUMI_STACK says."
    )
    named = click.option(
        "--stack",
        "stacks",
        multiple=True,
        shell_complete=completion.stacks,
        help="Only this stack; may be given again.  [default: $PULUMI_STACK, else every stack]",
    )
    return named(every(command))


def chosen_stacks(
    repository: Repository, stacks: tuple[str, ...], *, all_stacks: bool = False
) -> list[Stack]:
    """Return the stacks that the options choose, each after the one that it follows."""
    if stacks and all_stacks:
        raise click.UsageError("--stack and --all-stacks exclude each other")
    selected = os.environ.get("PULUMI_STACK", "")
    if not stacks and not all_stacks and selected:
        stacks = (selected,)
    return repository.chosen(stacks)


def one_stack(repository: Repository, name: str) -> Stack:
    """Return the named stack, else the only one that there is.

    Raises:
        RepositoryError: where several are, or the named one is not.

    """
    chosen = chosen_stacks(repository, (name,) if name else ())
    if len(chosen) != 1:
        raise RepositoryError(f"which stack? There are: {', '.join(map(str, chosen))}")
    return chosen[0]


class _StackType(click.ParamType[Stack]):
    """A stack of the repository that the command is called in."""

    name = "stack"

    def convert(self, value: Any, param: Any, ctx: Any) -> Stack:  # noqa: ARG002 - click's
        return value if isinstance(value, Stack) else Repository.find(Path.cwd()).stack(value)


def stack_argument(command: F) -> F:
    """Add `STACK`, which the command is given as a `Stack`."""
    argument = click.argument("stack", type=_StackType(), shell_complete=completion.stacks)
    return argument(command)


def output_option(*formats: str) -> Callable[[F], F]:
    """Add `-o`; the first of the formats is the default."""
    return click.option(
        "-o", "--output", type=click.Choice(formats), default=formats[0], show_default=True
    )


class Duration(click.ParamType[timedelta]):
    """A duration as Flux writes it: `30s`, `5m`."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        """Read the option's value."""
        if isinstance(value, timedelta):
            return value
        from components.lib.manifests import fields  # noqa: PLC0415 - not needed for --help

        name = param.opts[0] if param else "duration"
        try:
            return timedelta(seconds=0 if value == "0s" else fields.duration(name, value))
        except DeclarationError as error:
            self.fail(str(error), param, ctx)


def wait_option(command: F) -> F:
    """Add `--wait`, how long another's update of a stack is waited for: by default `5m`."""
    return click.option(
        "--wait",
        type=Duration(),
        default="5m",
        show_default=True,
        help="How long another's update of a stack is waited for.",
    )(command)


def show(records: Any, output: str) -> None:
    """Print records as `json` or `yaml`."""
    from sluice.output import as_json, as_yaml  # noqa: PLC0415 - completion does without

    click.echo(as_json(records) if output == "json" else as_yaml(records))


def in_repository(command: Callable[Concatenate[Repository, P], T]) -> Callable[P, T]:
    """Give a command the repository that it is called in, as its first argument."""

    @functools.wraps(command)
    def called(*arguments: P.args, **options: P.kwargs) -> T:
        return command(Repository.find(Path.cwd()), *arguments, **options)

    return called
