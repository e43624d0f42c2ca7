"""`sluice images`: what the policies pick, and bringing it into Git."""

from __future__ import annotations

import click

from sluice.commands.images_policy import policy
from sluice.commands.images_scan import scan_command
from sluice.commands.images_update import update

__all__ = ["images"]


@click.group()
def images() -> None:
    """Keep images at the newest that policies allow, by commits.

    \b
    Example:
      sluice images scan
      sluice images update --dry-run
      sluice images update --pr
    """


images.add_command(policy)
images.add_command(scan_command)
images.add_command(update)
