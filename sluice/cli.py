"""The `sluice` command: its verbs, and the one place where errors become sentences."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from components.errors import SluiceError
from toolchain import ToolchainError

__all__ = ["cli", "main"]

_VERBS: Final = (
    "adopt",
    "affected",
    "bootstrap",
    "build",
    "check",
    "compare",
    "completion",
    "create",
    "delete",
    "diff",
    "drift",
    "env",
    "events",
    "export",
    "get",
    "graph",
    "history",
    "images",
    "kubeconfig",
    "lock",
    "logs",
    "pipeline",
    "preview",
    "promote",
    "rbac",
    "reconcile",
    "resume",
    "rollback",
    "sandbox",
    "secret",
    "stats",
    "suspend",
    "trace",
    "tree",
    "up",
)


class _Verbs(click.Group):
    """Loads a verb's module when it is called: Pulumi's alone takes half a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the verbs in the order of the alphabet."""
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Return the verb, which is the object of its name in its module."""
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"sluice.commands.{cmd_name}")
        verb: click.Command = getattr(module, cmd_name)
        return verb


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="sluice")
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:  # noqa: ARG001 - `main` reads it
    """GitOps without controllers: a Kubernetes platform as a Python program in Git.

    \b
    Example:
      sluice up dev
      sluice get all
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> None:
    """Run the command; an error ends it with one sentence and its exit code."""
    debug = "--debug" in sys.argv
    try:
        cli(prog_name="sluice")
    except (SluiceError, ToolchainError) as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
