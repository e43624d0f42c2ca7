"""What a shell can complete: live names, from the repository's files and the local state alone.

Never from the network, and without Pulumi: a key press waits for it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from components.errors import SluiceError
from sluice.stack.repository import Repository

__all__ = ["components", "kinds", "objects", "stacks"]


def stacks(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a stack's name."""
    return _items(_stacks(), incomplete)


def components(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a component of the stacks that are on the line so far."""
    repository = _repository()
    if repository is None:
        return []
    states = _states(repository, ctx)
    names = [name for state in states for kind, name in _named(state) if "sluice:" in kind]
    return _items(names or _declared(repository), incomplete)


def kinds(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a kind of object that the stacks own."""
    repository = _repository()
    states = _states(repository, ctx) if repository else []
    return _items({kind for state in states for kind, _ in _owned(state)}, incomplete)


def objects(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of an object of the kind that is on the line so far."""
    repository, wanted = _repository(), str(ctx.params.get("kind") or "").lower()
    states = _states(repository, ctx) if repository else []
    names = {name for state in states for kind, name in _owned(state) if kind.lower() == wanted}
    return _items(names, incomplete)


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]


def _repository() -> Repository | None:
    with suppress(SluiceError):
        return Repository.find(Path.cwd())
    return None


def _stacks() -> list[str]:
    repository = _repository()
    with suppress(SluiceError):
        return repository.stacks if repository else []
    return []


def _states(repository: Repository, ctx: click.Context) -> list[Mapping[str, Any]]:
    """Return the stacks' resources, where the state is kept in this checkout."""
    given = ctx.params.get("stacks") or ctx.params.get("stack") or ()
    wanted = [*map(str, given)] if isinstance(given, tuple) else [str(given)]
    folder = repository.local / "pulumi" / ".pulumi" / "stacks" / repository.project
    files = [folder / f"{stack}.json" for stack in wanted or _stacks()]
    return [state for file in files for state in _state(file)]


def _state(file: Path) -> Iterator[Mapping[str, Any]]:
    with suppress(OSError, ValueError):  # not deployed, or being written
        yield json.loads(file.read_bytes())


def _resources(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    latest = (state.get("checkpoint") or {}).get("latest") or {}
    return latest.get("resources") or []


def _named(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (each["type"], each["urn"].rpartition("::")[2])
        for each in _resources(state)
        if not each["type"].startswith("sluice:environment:")
    ]


def _owned(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for each in _resources(state):
        outputs = each.get("outputs") or {}
        for group_kind, paths in (outputs.get("resourceNames") or {}).items():
            kind = group_kind.partition("/")[0].partition(".")[0]
            found += [(kind, path.rpartition("/")[2]) for path in paths]
        name = (outputs.get("metadata") or {}).get("name")
        if name:
            found.append((each["type"].rpartition(":")[2], name))
    return found


def _declared(repository: Repository) -> list[str]:
    """Return the names that stand in the stacks' programs: `HelmRelease("redis", …)`."""
    return [
        call.args[0].value
        for file in (repository.root / "stacks").glob("*.py")
        for call in ast.walk(_program(file))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]


def _program(file: Path) -> ast.Module:
    with suppress(SyntaxError):  # being written
        return ast.parse(file.read_text())
    return ast.Module([], [])
