"""`sluice logs`: what reconciliations did."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import get_args

import click

from components.errors import DeclarationError
from components.lib.manifests import fields
from sluice.console.options import chosen_stacks, in_repository, stacks_options
from sluice.notification.run_log import Level, Line, Source, Tail, Wanted, follow
from sluice.notification.run_log import logs as lines_of
from sluice.stack.repository import Repository

__all__ = ["logs"]


@click.command()
@click.option("-f", "--follow", "following", is_flag=True, help="Go on with what is written.")
@stacks_options
@click.option("--kind", default="", help="Only components of this kind, such as HelmRelease.")
@click.option("--name", default="", help="Only the component of this name.")
@click.option("--level", type=click.Choice(get_args(Level)), help="Only lines of this level.")
@click.option("--since", default="", metavar="DURATION", help="Only what is newer, such as 1h30m.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
@in_repository
def logs(
    repository: Repository,
    following: bool,
    stacks: tuple[str, ...],
    all_stacks: bool,
    kind: str,
    name: str,
    level: Level | None,
    since: str,
    output: str,
) -> None:
    """Show what was done to the stacks, here and by the pipeline.

    Merged by time. Where GITEA_TOKEN is set and no stack is named, the logs of the
    newest workflow runs are read too: their kind is Workflow. With -o json, a line
    is one object: time, level, stack, commit, kind, name, message.

    \b
    Example:
      sluice logs --stack prod --since 1h
      sluice logs --follow --level error
    """
    wanted = Wanted(kind, name, level, _beginning(since) if since else None)
    chosen = chosen_stacks(repository, stacks, all_stacks=all_stacks)
    show = _json if output == "json" else _text
    lines = follow if following else lines_of
    sources: list[Source] = [Tail(stack) for stack in chosen]
    for line in lines([*sources, *([] if stacks else _pipeline(repository))], wanted):
        click.echo(show(line))


def _pipeline(repository: Repository) -> list[Source]:
    from sluice.gitea.client import Gitea  # noqa: PLC0415
    from sluice.notification.job_log import RunTail  # noqa: PLC0415

    gitea = Gitea.find(repository)
    return [RunTail(gitea)] if gitea else []


def _beginning(since: str) -> datetime:
    try:
        return datetime.now(UTC) - timedelta(seconds=fields.duration("--since", since))
    except DeclarationError as error:
        raise click.UsageError(str(error)) from None


def _json(line: Line) -> str:
    return json.dumps({**asdict(line), "time": line.time.isoformat()})


def _text(line: Line) -> str:
    moment = line.time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    commit = line.commit[:7] or "-"
    subject = f"{line.stack} {line.kind}/{line.name}"
    return f"{moment} {line.level} {subject} {commit} {line.message}"
