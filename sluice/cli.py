"""The `sluice` command: its verbs, and the one place where errors become sentences."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Final

import click

from components.errors import SluiceError
from sluice.backend.cancellation import heed_signals
from sluice.errors import CancelledError
from toolchain import ToolchainError

__all__ = ["VERBS", "cli", "main"]

# What `sluice --help` shows: a verb's line is the first sentence of its own help.
VERBS: Final = {
    "Look": {
        "events": "Show the Kubernetes events of what the stacks own, by time.",
        "get": "Show the stacks, or what is deployed in them, and its health.",
        "graph": "Draw which component of STACK needs which, as it is deployed.",
        "history": "Show the deployments of STACK, the newest last.",
        "logs": "Show what was done to the stacks, here and by the pipeline.",
        "stats": "Show STACKS, or all, in numbers.",
        "trace": "Show which component, line and commit put an object there.",
        "tree": "Show the components of STACK and their objects, live.",
    },
    "Change": {
        "adopt": "Write what was changed by hand on COMPONENT into STACK's file.",
        "affected": "List the stacks that the change from BASE to HEAD can affect.",
        "build": "Render STACK, or COMPONENTS of it, to the objects it applies.",
        "compare": "Show what stack OTHER declares otherwise than BASE, as a diff.",
        "create": "Add a component to stacks/base.py, or to a stack's own file.",
        "delete": "Take COMPONENT out of the stacks, or out of one.",
        "diff": "Show how the cluster of STACK differs from the working tree.",
        "export": "Write what STACK declares as Flux's own objects.",
        "preview": "Show what `sluice up` would do to STACKS, object by object.",
    },
    "Deliver": {
        "pipeline": "Preview the stacks of a pull request, and report on it.",
        "promote": "Carry the versions that SOURCE has locked to TARGET.",
        "reconcile": "Make STACKS what the newest commit of their branch says.",
        "resume": "End the suspension of STACK or its COMPONENTS, and reconcile.",
        "rollback": "Take STACK back to an earlier deployment.",
        "suspend": "Leave STACK, or COMPONENTS of it, out of every update.",
        "up": "Deploy the working tree to STACKS, or to all, in their order.",
    },
    "Keep current": {
        "drift": "Compare what STACKs own with what is live, field by field.",
        "images": "Keep images at the newest that policies allow, by commits.",
        "lock": "Resolve charts, images and sources into the locks of STACKS.",
    },
    "Secrets": {
        "secret": "Encrypt, edit, rotate and seal secrets; find those left plain.",
    },
    "Set up": {
        "bootstrap": "Prepare the place where the pipeline runs.",
        "check": "Check the programs, the repository and each stack.",
        "completion": "Print the script that completes verbs, options and live names.",
        "env": "Print this checkout's environment, for a shell to evaluate.",
        "kubeconfig": "Write a kubeconfig with a new token of an account of STACK.",
        "rbac": "Print the service accounts that STACK needs on its cluster.",
        "sandbox": "Run real Kubernetes clusters on this machine, without Docker.",
    },
}
_NAMES: Final = frozenset(verb for group in VERBS.values() for verb in group)


class _Verbs(click.Group):
    """Loads a verb's module when it is called: Pulumi's alone takes half a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the verbs in the order of the alphabet."""
        return sorted(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Return the verb, which is the object of its name in its module."""
        if cmd_name not in _NAMES:
            return None
        module = importlib.import_module(f"sluice.commands.{cmd_name}")
        verb: click.Command = getattr(module, cmd_name)
        return verb

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a signal ends it with a sentence, before click takes it for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except CancelledError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the verbs by their groups, from the table: none is loaded for its line."""
        longest = max(map(len, _NAMES))
        for group, verbs in VERBS.items():
            with formatter.section(group):
                gap = longest - max(map(len, verbs)) + 2
                formatter.write_dl(list(verbs.items()), col_spacing=gap)


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
    heed_signals()
    try:
        cli(prog_name="sluice")
    except (SluiceError, ToolchainError) as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
