"""`sluice env`: the line that makes plain pulumi, kubectl and sluice work in a shell."""

from __future__ import annotations

import shlex

import click

from sluice.console.options import in_repository
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import tool_environment

__all__ = ["env"]


@click.command()
@in_repository
def env(repository: Repository) -> None:
    """Print this checkout's environment, for a shell to evaluate.

    With it `pulumi`, `kubectl` and `sluice` find their programs, state and
    contexts.

    \b
    Example:
      eval "$(.venv/bin/sluice env)"
    """
    for name, value in tool_environment(repository).items():
        click.echo(f"export {name}={shlex.quote(value)}")
