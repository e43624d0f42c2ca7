"""`sluice get`: what is deployed, and whether it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from sluice import completion
from sluice.ages import age
from sluice.commands.options import chosen_stacks, output_option, show, stacks_options
from sluice.errors import RepositoryError
from sluice.repository import Repository, in_repository
from sluice.surroundings import enter
from sluice.tables import table

if TYPE_CHECKING:  # Pulumi's packages take a second, which completion has not
    from sluice.listing import Row, StackRow

__all__ = ["deployed_rows", "get", "rows_as_table"]

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

    def read() -> list[Any]:
        found = _read(repository, chosen, what, name)
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


def deployed_rows(repository: Repository, stacks: Sequence[str]) -> list[Row]:
    """Return the components of the stacks, stack after stack."""
    from sluice.deployed import Deployed, live  # noqa: PLC0415
    from sluice.listing import component_rows  # noqa: PLC0415
    from sluice.suspension import suspensions  # noqa: PLC0415

    def of(stack: str) -> list[Row]:
        deployed = Deployed.of(repository, stack)
        found = live(repository, deployed)
        return component_rows(deployed, found, suspensions(repository, stack))

    return [row for rows in _at_once(of, stacks) for row in rows]


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


def _read(repository: Repository, stacks: Sequence[str], what: str, name: str | None) -> list[Any]:
    if what == "stacks":
        if name is not None:
            repository.chosen((name,))
        return _stack_rows(repository, [each for each in stacks if name in (None, each)])
    rows = deployed_rows(repository, stacks)
    kinds = _KINDS.get(what)
    found = [
        row
        for row in rows
        if (kinds is None or row.kind in kinds) and name in (None, row.name, f"{row.kind}/{name}")
    ]
    if name is not None and not found:
        raise RepositoryError(f"{', '.join(stacks)}: among {what} there is no {name!r}")
    return found


def _stack_rows(repository: Repository, stacks: Sequence[str]) -> list[StackRow]:
    from sluice.deployed import Deployed, live  # noqa: PLC0415
    from sluice.listing import stack_row  # noqa: PLC0415
    from sluice.suspension import suspensions  # noqa: PLC0415

    def of(stack: str) -> StackRow:
        deployed = Deployed.of(repository, stack)
        return stack_row(deployed, live(repository, deployed), suspensions(repository, stack))

    return _at_once(of, stacks)


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


def _at_once(of: Callable[[str], Any], stacks: Sequence[str]) -> list[Any]:
    with ThreadPoolExecutor(max_workers=max(len(stacks), 1)) as pool:
        return list(pool.map(of, stacks))
