"""The `sluice` command: its verbs, and the one place where errors become sentences."""

from __future__ import annotations

import sys

import click

from components.errors import SluiceError
from sluice.commands.compare import compare
from sluice.commands.env import env
from sluice.commands.get import get
from sluice.commands.lock import lock
from sluice.commands.sandbox import sandbox
from sluice.commands.up import up
from toolchain import ToolchainError

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="sluice")
def cli(*, debug: bool) -> None:
    """GitOps without controllers: a Kubernetes platform as a Python program in Git.

    \b
    Example:
      sluice up dev
      sluice get all
    """


for verb in (compare, env, get, lock, sandbox, up):
    cli.add_command(verb)


def main() -> None:
    """Run the command; an error ends it with one sentence and its exit code."""
    debug = "--debug" in sys.argv
    try:
        cli()
    except (SluiceError, ToolchainError) as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
