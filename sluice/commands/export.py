"""`sluice export`: what is declared, as Flux would have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from components.lib.manifests import documents
from sluice.console import completion
from sluice.console.options import in_repository
from sluice.declaration.program import declaration
from sluice.errors import RepositoryError
from sluice.flux.exporter import export as export_to_flux
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["export"]

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "source": ("GitRepository", "HelmRepository"),
    "helmrelease": ("HelmRelease", "ConfigMap"),
    "image": ("ImageRepository", "ImagePolicy"),
    "kustomization": ("Kustomization",),
}


@click.command()
@click.argument("kind", type=click.Choice([*_KINDS, "all"]))
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.components)
@click.option("--all", "everything", is_flag=True, help="Export every object of the kind.")
@click.option(
    "--stack", required=True, shell_complete=completion.stacks, help="The stack that declares them."
)
@in_repository
def export(
    repository: Repository, kind: str, names: tuple[str, ...], everything: bool, stack: str
) -> None:
    """Write what STACK declares as Flux's own objects.

    For `kubectl apply` or a Flux repository. Versions are the declared ranges, as
    Flux resolves them itself. What has no counterpart in Flux is said on standard
    error. Needs neither a cluster nor Pulumi's state; secret values become
    references to a Secret.

    \b
    Example:
      sluice export kustomization --all --stack dev
      sluice export helmrelease redis --stack prod
    """
    if bool(names) == everything and kind != "all":
        raise click.UsageError("give either names or --all")
    enter(repository)
    declaring = repository.stack(stack)
    found = declaration(declaring, declaring.locked())
    suspended = {each.component: each.reason for each in declaring.suspensions()}
    made = export_to_flux(repository, found, suspended)
    chosen = [each for each in made.objects if kind == "all" or each["kind"] in _KINDS[kind]]
    for manifest in _named(chosen, names, kind):
        click.echo("---\n" + documents.dump(manifest), nl=False)
    if not names:
        for remark in made.remarks:
            click.echo(remark, err=True)


def _named(
    manifests: list[dict[str, Any]], names: tuple[str, ...], kind: str
) -> list[dict[str, Any]]:
    known = [each["metadata"]["name"] for each in manifests]
    for name in names:
        if name not in known:
            raise RepositoryError(f"there is no {kind} {name!r}; there are: {', '.join(known)}")
    return [each for each in manifests if not names or each["metadata"]["name"] in names]
