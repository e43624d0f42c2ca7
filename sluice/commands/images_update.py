"""`sluice images update`: the newest images that the policies allow, into Git."""

from __future__ import annotations

from collections.abc import Sequence

import click

from components.errors import SluiceError
from sluice.console.options import in_repository
from sluice.console.tables import table
from sluice.errors import GiteaError
from sluice.git.remote import Remote
from sluice.git.worktree import checked_out
from sluice.gitea.client import Gitea
from sluice.images.message import message
from sluice.images.publishing import Publication, write_here
from sluice.images.telling import failed_event, image_event
from sluice.images.updating import Automated, Automations, Update
from sluice.notification.publication import publish
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["update"]

_DIGEST = len("@sha256:") + 12


@click.command()
@click.option("--push", is_flag=True, help="Commit and push, each automation to its branch.")
@click.option("--pr", is_flag=True, help="Commit to a branch, and open or update a pull request.")
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
@in_repository
def update(repository: Repository, push: bool, pr: bool, dry_run: bool) -> None:
    """Take the newest image that each policy allows.

    In the stacks that have an ImageUpdateAutomation. Writes the locks and the YAML
    that is marked with the policies: into the working tree, or with --push or --pr
    into a clean checkout of the newest commit, as a commit for each
    ImageUpdateAutomation. There is one pull request of each, brought up to date; a
    version whose pull request was closed is not proposed again.

    \b
    Example:
      sluice images update --dry-run
      sluice images update --pr
    """
    if push + pr + dry_run > 1:
        raise click.UsageError("--push, --pr and --dry-run exclude each other")
    enter(repository)
    if push or pr:
        _publish(repository, pr=pr)
        return
    if dry_run:
        automations = Automations.of(repository)
        updates = [automations.update(each) for each in automations.found]
    else:
        updates = write_here(repository)
    for each in updates:
        _show(each)
        if dry_run and each.files:
            click.echo(f"\n{message(each)}\n")
    _say_none(updates)


def _publish(repository: Repository, *, pr: bool) -> None:
    remote = Remote.of(repository)
    gitea = Gitea.find(repository) if pr else None
    commit = remote.fetch()
    with checked_out(repository, commit) as newest:
        automations = Automations.of(newest)
    if gitea is not None:
        _link(gitea, automations.found)
    failures: list[SluiceError] = []
    for of in automations.found:
        publication = Publication(remote, of, automations, commit)
        try:
            made = publication.propose(gitea) if pr else publication.push()
        except SluiceError as error:
            failures.append(type(error)(f"{of.title}: {error}"))
            publish(repository, failed_event(of, commit, error))
            continue
        publish(repository, image_event(of, commit, publication.update, made))
        if publication.update is not None:
            _show(publication.update)
        if made.branch:
            click.echo(f"{of.title}: {made.told(remote.branch)}")
    _say_none(automations.found)
    for failure in failures[1:]:
        click.echo(f"Error: {failure}", err=True)
    if failures:
        raise failures[0]


def _link(gitea: Gitea, found: Sequence[Automated]) -> None:
    """Have Gitea start the workflow when an image that is followed is pushed to its registry."""
    followed = {each.source.image for automated in found for each in automated.requests}
    for image in sorted(followed):
        try:
            if gitea.link_image(image):
                click.echo(f"{image}: linked to {gitea.slug}, whose workflows a push starts now")
        except GiteaError as error:
            click.echo(f"Warning: {image} is not linked to {gitea.slug}: {error}", err=True)


def _say_none(found: Sequence[Update | Automated]) -> None:
    if not found:
        click.echo("No stack has an ImageUpdateAutomation")


def _show(made: Update) -> None:
    title = made.of.title
    for name in made.declined:
        click.echo(f"{title}: the newest image of {name} was declined: its pull request is closed")
    if not made.files:
        if not made.declined:
            click.echo(f"{title}: every image is the newest that its policy allows")
        return
    rows = [
        (title, file, change.object, _short(change.old) or "-", _short(change.new))
        for file, changes in made.files.items()
        for change in changes
    ]
    click.echo(table(("AUTOMATION", "FILE", "OBJECT", "OLD", "NEW"), rows))


def _short(image: str) -> str:
    """Return an image with the first 12 digits of its digest."""
    name, at, digest = image.partition("@")
    return name + (at + digest)[:_DIGEST]
