"""`sluice get`: what is deployed, and whether it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from sluice.console import completion
from sluice.console.options import chosen_stacks, in_repository, output_option, show, stacks_options
from sluice.console.tables import age, table
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter
from sluice.status.rows import at_once, deployed_rows

if TYPE_CHECKING:  # Pulumi's packages take a second, which completion has not
    from sluice.status.rows import Row, StackRow

__all__ = ["get", "rows_as_table"]

_SECONDS: Final = 2.0
_SOURCES: Final = ("GitRepository", "HelmRepository", "OCIRepository")
_KINDS: Final[Mapping[str, Sequence[str]]] = {
    "applications": ("Application",),
    "helmreleases": ("HelmRelease",),
    "kustomizations": ("Kustomization",),
    "namespaces": ("Namespace",),
    "sources": _SOURCES,
}
_WHAT: Final = ("all", "stacks", *_KINDS)
_SHORT: Final[Mapping[str, str]] = {
    **{name.removesuffix("s"): name for name in ("stacks", *_KINDS)},
    "app": "applications",
    "hr": "helmreleases",
    "ks": "kustomizations",
    "ns": "namespaces",
}


class _What(click.Choice[str]):
    """A word of `_WHAT`, or its singular, or flux's short form of it."""

    def __init__(self) -> None:
        super().__init__(_WHAT)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(_SHORT.get(value, value), param, ctx)


class _Selector(click.ParamType[tuple[str, str]]):
    """A status that rows have to have: `ready=false`."""

    name = "STATUS=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        key, _, wanted = str(value).lower().partition("=")
        if key not in ("ready", "suspended") or wanted not in ("true", "false", "unknown"):
            self.fail(
                f"{value!r} is not ready= or suspended= with true, false or unknown", param, ctx
            )
        return key, wanted


@click.command()
@click.argument("what", type=_What())
@click.argument("name", required=False, shell_complete=completion.components)
@stacks_options
@click.option("--status-selector", type=_Selector(), help="Only those: ready=false.")
@click.option("-w", "--watch", is_flag=True, help="Go on, with each row that changes.")
@output_option("table", "wide", "name", "json", "yaml")
@in_repository
def get(
    repository: Repository,
    what: str,
    name: str | None,
    stacks: tuple[str, ...],
    all_stacks: bool,
    status_selector: tuple[str, str] | None,
    watch: bool,
    output: str,
) -> None:
    """Show the stacks, or what is deployed in them, and its health.

    Each with its revision, its age, and whether it is suspended. WHAT is all,
    stacks, sources, kustomizations, helmreleases, applications or namespaces;
    singulars and flux's ks and hr do as well. With NAME, only that one. READY is
    Unknown where the cluster cannot be asked.

    \b
    Example:
      sluice get all --status-selector ready=false
      sluice get helmreleases redis --stack dev -o yaml
      sluice get stacks --watch
    """
    enter(repository)
    chosen = chosen_stacks(repository, stacks, all_stacks=all_stacks)
    if what == "stacks" and name is not None:
        repository.stack(name)

    def read() -> list[Any]:
        found = _read(chosen, what, name)
        return [row for row in found if status_selector is None or _has(row, *status_selector)]

    write = _writer(what, output, several=len(chosen) > 1)
    rows = read()
    write(rows, True)
    shown = {_key(row): row for row in rows}
    while watch:
        time.sleep(_SECONDS)
        rows = read()
        changed = [row for row in rows if shown.get(_key(row)) != row]
        if changed:
            write(changed, False)
        shown |= {_key(row): row for row in changed}


def rows_as_table(rows: Sequence[Row], *, wide: bool = False, several: bool = True) -> str:
    """Return components as a table for people; with `several` stacks, each row's is told."""
    now = datetime.now(UTC)
    kinds = {row.kind for row in rows}
    headers = ["NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE", "AGE"]
    return table(
        [*(["STACK"] if several else []), *headers, *(["OBJECTS", "SOURCE"] if wide else [])],
        [
            [
                *([row.stack] if several else []),
                row.name if len(kinds) == 1 else f"{row.kind.lower()}/{row.name}",
                row.revision,
                str(row.suspended),
                _ready(row.ready),
                row.message,
                age(row.created, now),
                *([row.objects, row.source or "-"] if wide else []),
            ]
            for row in rows
        ],
    )


def _read(stacks: Sequence[Stack], what: str, name: str | None) -> list[Any]:
    if what == "stacks":
        return _stack_rows([each for each in stacks if name in (None, each.name)])
    rows = deployed_rows(stacks)
    kinds = _KINDS.get(what)
    found = [
        row
        for row in rows
        if (kinds is None or row.kind in kinds) and name in (None, row.name, f"{row.kind}/{name}")
    ]
    if name is not None and not found:
        raise RepositoryError(f"{', '.join(map(str, stacks))}: among {what} there is no {name!r}")
    return found


def _stack_rows(stacks: Sequence[Stack]) -> list[StackRow]:
    from sluice.inventory.deployed import Deployed, live  # noqa: PLC0415
    from sluice.status.rows import stack_row  # noqa: PLC0415

    def of(stack: Stack) -> StackRow:
        deployed = Deployed.of(stack)
        return stack_row(deployed, live(stack, deployed), stack.suspensions())

    return at_once(of, stacks)


def _stacks_as_table(rows: Sequence[StackRow], *, wide: bool) -> str:
    now = datetime.now(UTC)
    headers = ["NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE", "AGE", "LAST RESULT"]
    return table(
        [*headers, *(["DEPLOYED"] if wide else [])],
        [
            [
                row.name,
                row.revision,
                str(row.suspended),
                _ready(row.ready),
                row.message,
                age(row.created, now),
                f"{row.result} {age(row.deployed, now)} ago" if row.deployed else "-",
                *(
                    [f"{row.deployed:%Y-%m-%d %H:%M:%S %Z}" if row.deployed else "-"]
                    if wide
                    else []
                ),
            ]
            for row in rows
        ],
    )


def _writer(what: str, output: str, *, several: bool) -> Callable[[Sequence[Any], bool], None]:
    def write(rows: Sequence[Any], first: bool) -> None:
        if output in ("json", "yaml"):
            show(list(rows), output)
        elif output == "name":
            click.echo("".join(f"{_key(row)[-1]}\n" for row in rows), nl=False)
        else:
            wide = output == "wide"
            text = (
                _stacks_as_table(rows, wide=wide)
                if what == "stacks"
                else rows_as_table(rows, wide=wide, several=several)
            )
            click.echo(text if first else text.partition("\n")[2])

    return write


def _key(row: Any) -> tuple[str, str]:
    kind = getattr(row, "kind", "stack").lower()
    return getattr(row, "stack", row.name), f"{kind}/{row.name}"


def _has(row: Any, status: str, wanted: str) -> bool:
    return _ready(getattr(row, status)).lower() == wanted


def _ready(value: bool | None) -> str:
    return "Unknown" if value is None else str(value)
