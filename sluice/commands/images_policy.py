"""`sluice images policy test`: what a policy selects of the tags that are given."""

from __future__ import annotations

from dataclasses import dataclass

import click

from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.policies.tag_filter import TagFilter
from sluice.console.options import output_option, show

__all__ = ["Selection", "policy"]


@dataclass(frozen=True)
class Selection:
    """What a policy selects.

    Attributes:
        tag: the selected tag; null where none satisfies.

    """

    tag: str | None


@click.group()
def policy() -> None:
    """Try an image policy.

    \b
    Example:
      sluice images policy test '>=1.0.0 <2.0.0' 1.4.2 v1.10.0 2.0.0
    """


@policy.command()
@click.argument("range_", metavar="RANGE")
@click.argument("tags", metavar="TAG...", nargs=-1)
@click.option("--filter", "pattern", metavar="PATTERN", help="Consider only tags that it matches.")
@click.option("--extract", metavar="TEMPLATE", default="", help="Compare this, such as '$version'.")
@output_option("text", "json", "yaml")
def test(
    range_: str, tags: tuple[str, ...], pattern: str | None, extract: str, output: str
) -> None:
    """Show which TAG an ImagePolicy of the version range RANGE selects.

    An invalid range ends with exit code 2; that no tag satisfies is no error.

    \b
    Example:
      sluice images policy test '1.x' 1.4.2 v1.10.0 2.0.0
      sluice images policy test '1.x' 1.4.2-alpine 1.5.0 --filter '^(.*)-alpine$' --extract '$1'
    """
    if extract and pattern is None:
        raise click.UsageError("--extract needs --filter")
    tag_filter = None if pattern is None else TagFilter(pattern, extract)
    selected = TagPolicy(SemVerPolicy(range_), tag_filter).latest(tags)
    if output != "text":
        show(Selection(selected), output)
    elif selected is None:
        click.echo(f"none of {len(tags)} tags satisfies {range_}", err=True)
    else:
        click.echo(selected)
