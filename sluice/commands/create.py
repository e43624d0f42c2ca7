"""`sluice create`: scaffold a component in a stack's program, in its style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from sluice.console import completion
from sluice.console.options import in_repository
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["create"]

_stack = click.option(
    "--stack",
    default="",
    shell_complete=completion.stacks,
    help="Only this stack.  [default: stacks/base.py]",
)
_namespace = click.option("--target-namespace", required=True, help="Where it is put.")


@click.group()
def create() -> None:
    """Add a component to stacks/base.py, or to a stack's own file.

    The file is shown as a diff and written once every stack still declares.

    \b
    Example:
      sluice create namespace shop
      sluice create application shop --image registry.example/shop:1.0.0 --port 8080
    """


@create.command()
@click.argument("name")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="May be given again.")
@_stack
@in_repository
def namespace(repository: Repository, name: str, labels: tuple[str, ...], stack: str) -> None:
    """Add a namespace.

    \b
    Example:
      sluice create namespace shop --label team=blue
    """
    pairs = dict(_pair(label) for label in labels)
    _create(repository, stack, "Namespace", name, {"labels": pairs})


@create.command()
@click.argument("name")
@click.option("--url", required=True, help="Where the charts are: https://…")
@_stack
@in_repository
def helmrepository(repository: Repository, name: str, url: str, stack: str) -> None:
    """Add a Helm repository, to take charts from.

    \b
    Example:
      sluice create helmrepository podinfo --url https://stefanprodan.github.io/podinfo
    """
    _create(repository, stack, "HelmRepository", name, {}, url)


@create.command()
@click.argument("name")
@click.option("--url", required=True, help="Where the charts are: oci://…")
@_stack
@in_repository
def ocirepository(repository: Repository, name: str, url: str, stack: str) -> None:
    """Add a folder of an OCI registry, to take charts from.

    \b
    Example:
      sluice create ocirepository podinfo --url oci://ghcr.io/stefanprodan/charts
    """
    _create(repository, stack, "OCIRepository", name, {}, url)


@create.command()
@click.argument("name")
@click.option("--chart", required=True, help="The chart's name, or its ./path here.")
@click.option("--source", default="", metavar="[KIND/]NAME", help="The repository of the chart.")
@click.option("--chart-version", default="", help="A version or a range.  [default: any release]")
@_namespace
@click.option("--release-name", default="", help="Helm's name.  [default: the component's]")
@click.option("--values", multiple=True, help="A file here; may be given again.")
@_stack
@in_repository
def helmrelease(
    repository: Repository,
    name: str,
    chart: str,
    source: str,
    chart_version: str,
    target_namespace: str,
    release_name: str,
    values: tuple[str, ...],
    stack: str,
) -> None:
    """Add a Helm release; `sluice lock` then pins its chart.

    \b
    Example:
      sluice create helmrepository podinfo --url https://stefanprodan.github.io/podinfo
      sluice create helmrelease podinfo --source HelmRepository/podinfo --chart podinfo \\
        --chart-version 6.x --target-namespace monitoring
    """

    def arguments(platform: Any) -> dict[str, Any]:
        kinds = ("HelmRepository", "OCIRepository")
        return {
            "chart": chart,
            "repository": platform.reference(source, *kinds) if source else None,
            "version": chart_version,
            "namespace": platform.namespace(target_namespace),
            "release_name": release_name,
            "values_files": list(values),
        }

    _create(repository, stack, "HelmRelease", name, arguments)


@create.command()
@click.argument("name")
@click.option("--path", required=True, help="A directory of this repository.")
@click.option("--target-namespace", default="", help="The namespace of all its objects.")
@click.option("--prune/--no-prune", default=True, help="Whether what goes is deleted.")
@click.option("--wait/--no-wait", default=True, help="Whether health is waited for.")
@_stack
@in_repository
def kustomization(
    repository: Repository,
    name: str,
    path: str,
    target_namespace: str,
    prune: bool,
    wait: bool,
    stack: str,
) -> None:
    """Add a directory of manifests.

    \b
    Example:
      sluice create kustomization more-dashboards --path manifests/dashboards \\
        --target-namespace shop
    """

    def arguments(platform: Any) -> dict[str, Any]:
        return {
            "path": path,
            "target_namespace": platform.namespace(target_namespace) if target_namespace else "",
            "prune": None if prune else False,
            "wait": None if wait else False,
        }

    _create(repository, stack, "Kustomization", name, arguments)


@create.command()
@click.argument("name")
@click.option("--image", required=True, help="The image, with tag or digest.")
@click.option("--target-namespace", default="", help="[default: a namespace of its own]")
@click.option("--replicas", type=int, help="[default: 1]")
@click.option("--port", type=int, help="The port it listens on.  [default: none, no Service]")
@click.option("--host", default="", help="The Ingress's host.  [default: no Ingress]")
@_stack
@in_repository
def application(
    repository: Repository,
    name: str,
    image: str,
    target_namespace: str,
    replicas: int | None,
    port: int | None,
    host: str,
    stack: str,
) -> None:
    """Add an application of our own.

    \b
    Example:
      sluice create application shop --image registry.example/shop:1.0.0 --port 8080 --replicas 2
    """

    def arguments(platform: Any) -> dict[str, Any]:
        return {
            "image": image,
            "namespace": platform.namespace(target_namespace) if target_namespace else None,
            "replicas": replicas,
            "port": port,
            "host": host,
        }

    _create(repository, stack, "Application", name, arguments)


def _create(
    repository: Repository, stack: str, kind: str, name: str, arguments: Any, *options: str
) -> None:
    from sluice.authoring.edited_copy import diff  # noqa: PLC0415 - not needed for --help
    from sluice.authoring.scaffold import Platform  # noqa: PLC0415 - runs every stack's program with Pulumi

    enter(repository)
    platform = Platform(repository)
    given = arguments if isinstance(arguments, Mapping) else arguments(platform)
    stated = {key: value for key, value in given.items() if value not in (None, "", [], {})}
    files = platform.with_component(stack, kind, name, stated, *options)
    click.echo(diff(repository, files), nl=False)
    for file, text in files.items():
        (repository.root / file).write_text(text, encoding="utf-8")
    lock = "; run `sluice lock` to pin its chart" if "repository" in stated else ""
    click.echo(f"\n{', '.join(files)} is written{lock}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise click.UsageError(f"--label {text!r} is not KEY=VALUE")
    return key, value
