"""`sluice compare`: what one environment declares otherwise than another."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import click
import yaml

from components.artifacts.mirrors import Mirrors
from components.charts import LockedCharts
from sluice.declarations import Declared, declared
from sluice.repository import Repository

__all__ = ["compare"]


@click.command()
@click.argument("base")
@click.argument("other")
@click.pass_obj
def compare(repository: Repository, base: str, other: str) -> None:
    """Show what stack OTHER declares otherwise than BASE, object by object, as a diff.

    Needs neither a cluster nor Pulumi's state. Values of Secrets are masked.

    \b
    Example:
      sluice compare staging prod
    """
    repository.chosen((base, other))
    before, after = _objects(repository, base), _objects(repository, other)
    changed = [name for name in sorted({**before, **after}) if before.get(name) != after.get(name)]
    for name in changed:
        click.echo("".join(_difference(name, before.get(name), after.get(name))), nl=False)
    if not changed:
        click.echo(f"{base} and {other} declare the same")


def _objects(repository: Repository, stack: str) -> dict[str, str]:
    charts = LockedCharts.of(
        repository.root, stack, Mirrors(repository.setting(stack, "mirrors") or {})
    )
    resources = declared(repository, stack, charts)
    return {
        f"{resource.type} {resource.name}": _yaml(resource)
        for resource in resources
        if not resource.type.startswith("pulumi:providers:")
    }


def _yaml(resource: Declared) -> str:
    return yaml.safe_dump(_plain(resource.inputs), sort_keys=True, width=100)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _difference(name: str, before: str | None, after: str | None) -> Iterator[str]:
    return difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        (after or "").splitlines(keepends=True),
        fromfile=name if before is not None else "/dev/null",
        tofile=name if after is not None else "/dev/null",
    )
