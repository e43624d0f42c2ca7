"""`sluice compare`: what one environment declares otherwise than another."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import click
import yaml

from components.charts import LockedNames
from sluice.declarations import Declared, declared
from sluice.repository import Repository, in_repository

__all__ = ["compare"]


@click.command()
@click.argument("base")
@click.argument("other")
@in_repository
def compare(repository: Repository, base: str, other: str) -> None:
    """Show what stack OTHER declares otherwise than BASE, object by object, as a diff.

    Needs neither a cluster nor Pulumi's state. Values of Secrets are masked.

    \b
    Example:
      sluice compare staging prod
    """
    repository.chosen((base, other))
    before, after = _objects(repository, base), _objects(repository, other)
    changed = [key for key in sorted({**before, **after}) if before.get(key) != after.get(key)]
    for title, kind in changed:
        texts = before.get((title, kind)), after.get((title, kind))
        click.echo("".join(_difference(title, *texts)), nl=False)
    if not changed:
        click.echo(f"{base} and {other} declare the same")


def _objects(repository: Repository, stack: str) -> dict[tuple[str, str], str]:
    resources = declared(repository, stack, LockedNames(repository.root, stack))
    return {
        (resource.title, resource.type): _yaml(resource)
        for resource in resources
        if not resource.type.startswith("pulumi:providers:")
    }


def _yaml(resource: Declared) -> str:
    return yaml.dump(_plain(resource.inputs), Dumper=_Dumper, sort_keys=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such, so that a diff shows the line that differs."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # Pulumi's wire format has no whole numbers
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _difference(name: str, before: str | None, after: str | None) -> Iterator[str]:
    return difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        (after or "").splitlines(keepends=True),
        fromfile=name if before is not None else "/dev/null",
        tofile=name if after is not None else "/dev/null",
    )
