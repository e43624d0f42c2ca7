"""`sluice completion`: what makes a shell complete verbs, options and live names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes verbs, options and live names.

    Stacks, components, kinds and objects are completed live: their names come from
    this checkout's files and local state, never from the network.

    \b
    Example:
      source <(sluice completion bash)
      sluice completion zsh > "${fpath[1]}/_sluice"
      sluice completion fish > ~/.config/fish/completions/sluice.fish
    """
    kind = get_completion_class(shell)
    if kind is None:  # click.Choice lets no other through
        raise click.UsageError(f"there is no completion for {shell}")
    made = kind(ctx.find_root().command, {}, "sluice", "_SLUICE_COMPLETE")
    # source() would run bash for its version, which whoever asks for the script has.
    click.echo(made.source_template % made.source_vars())
