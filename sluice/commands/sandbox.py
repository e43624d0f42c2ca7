"""`sluice sandbox`: start, stop and show the clusters on this machine."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sluice.console.options import in_repository
from sluice.sandbox.errors import SandboxError
from sluice.sandbox.gitea.server import ADMINISTRATOR
from sluice.sandbox.gitea.service import Seed
from sluice.sandbox.sandbox import DEFAULT_CLUSTERS, Sandbox
from sluice.sandbox.status import ProcessStatus
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import SANDBOX_PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.table import Table

__all__ = ["sandbox"]

PROJECT_FILE = "Pulumi.yaml"
STATE = Path(".sluice", "sandbox")
MEBIBYTE = 1 << 20


class ClusterPort(click.ParamType[tuple[str, int]]):
    """An option's value of the form CLUSTER=PORT."""

    name = "CLUSTER=PORT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Split the value; a usage error if it has another form."""
        cluster, _, port = str(value).partition("=")
        if not cluster or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            self.fail(f"{value!r} is not CLUSTER=PORT with a port from 1 to 65535", param, ctx)
        return cluster, int(port)


state_option = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=f"Where everything is kept.  [default: {STATE} in the repository]",
)


@click.group()
def sandbox() -> None:
    """Run real Kubernetes clusters on this machine, without Docker.

    \b
    Example:
      sluice sandbox up
      kubectl --kubeconfig .sluice/sandbox/kubeconfig --context dev-cluster get nodes
      sluice sandbox down
    """


@sandbox.command()
@click.option(
    "--cluster",
    "clusters",
    multiple=True,
    default=DEFAULT_CLUSTERS,
    show_default=True,
    metavar="NAME",
    help="A cluster to start; may be given several times.",
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    type=ClusterPort(),
    help="Fix the port of a cluster's API; may be given several times.",
)
@click.option(
    "--gitea",
    "with_gitea",
    is_flag=True,
    help="Start a Gitea with a runner too, with this checkout's newest commit on main.",
)
@state_option
def up(
    clusters: tuple[str, ...],
    ports: tuple[tuple[str, int], ...],
    with_gitea: bool,
    state: Path | None,
) -> None:
    """Start what is missing, and return when every cluster is ready.

    \b
    Example:
      sluice sandbox up
      sluice sandbox up --cluster dev-cluster --port dev-cluster=6443
      sluice sandbox up --gitea
    """
    box = Sandbox(_state_folder(state))
    programs = _programs("gitea" if with_gitea else "sandbox")
    seed = _seed(box) if with_gitea else None
    with _progress() as progress:
        box.up(programs, clusters, ports=dict(ports), gitea=seed, progress=progress)
    click.echo(f"export KUBECONFIG={box.kubeconfig}")
    if with_gitea:
        service = box.gitea
        click.echo(
            f"# {service.url}: user {ADMINISTRATOR}, password in {service.server.password_file}\n"
            f"git clone -c credential.helper='store --file={service.credentials_file}' "
            f"{service.url}"
        )


@sandbox.command()
@state_option
def down(state: Path | None) -> None:
    """Stop every process that `up` started; the state stays.

    The next `up` goes on from it.

    \b
    Example:
      sluice sandbox down
    """
    box = Sandbox(_state_folder(state))
    with _progress() as progress:
        box.down(progress)


@sandbox.command()
@state_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table for people, JSON for programs.",
)
def status(state: Path | None, output: str) -> None:
    """Show each program: pid, port, memory, whether it is ready.

    \b
    Example:
      sluice sandbox status
      sluice sandbox status -o json
    """
    from rich.console import Console  # noqa: PLC0415 - not needed for --help

    rows = Sandbox(_state_folder(state)).status()
    if output == "json":
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console().print(_table(rows))


@sandbox.command()
@state_option
@in_repository
def demo(repository: Repository, state: Path | None) -> None:
    """Play the guide's story on the sandbox's Gitea.

    A change is proposed, previewed, merged and deployed.

    \b
    Example:
      sluice sandbox up --gitea
      sluice sandbox demo
    """
    from sluice.sandbox.demo import Demo  # noqa: PLC0415 - only here

    service = Sandbox(_state_folder(state)).gitea
    if not service.exists:
        raise SandboxError("there is no Gitea yet; run `sluice sandbox up --gitea` first")
    story = Demo(service, repository.local / "demo", tuple(repository.stacks))
    for line in story.tell():
        click.echo(line)


def _state_folder(given: Path | None) -> Path:
    """The folder that was given, or the default one of the repository around this folder."""
    if given is not None:
        return given
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).exists():
            return folder / STATE
    raise SandboxError(
        f"no {PROJECT_FILE} in {here} or above it; "
        "run this in the repository, or name the sandbox's folder with --state"
    )


def _seed(box: Sandbox) -> Seed:
    """What Gitea is filled with: this checkout, and the sandbox's clusters."""
    local = box.folder.parent
    return Seed(
        checkout=Path.cwd(),
        kubeconfig=box.kubeconfig,
        preview_kubeconfig=box.preview_kubeconfig,
        local=local,
        passphrase=SANDBOX_PASSPHRASE,
        checks=("sluice/data-loss",),
    )


def _programs(purpose: str) -> Path:
    """The folder of the sandbox's executables, which are obtained if they are not there."""
    from toolchain import (  # noqa: PLC0415 - only `up` needs it
        ToolchainError,
        bin_folder,
        install,
        progress_for,
    )
    from toolchain.errors import NotInstalledError  # noqa: PLC0415 - the same

    progress = progress_for()
    try:
        try:
            return bin_folder(purpose)
        except NotInstalledError:
            return install(purpose, progress)
    except ToolchainError as error:
        raise SandboxError(str(error)) from error
    finally:
        progress.end()


@contextmanager
def _progress() -> Iterator[Callable[[str, str], None]]:
    """Show on a terminal what each cluster waits for; elsewhere say nothing."""
    from rich.console import Console  # noqa: PLC0415 - not needed for --help

    console = Console(stderr=True)
    waiting: dict[str, str] = {}
    with console.status("sandbox") as display:

        def show(cluster: str, step: str) -> None:
            waiting[cluster] = step
            display.update("  ".join(f"{name}: {what}" for name, what in waiting.items()))

        yield show if console.is_terminal else _say_nothing


def _say_nothing(_cluster: str, _step: str) -> None:
    """Tell nobody."""


def _table(rows: Sequence[ProcessStatus]) -> Table:
    from rich.table import Table  # noqa: PLC0415 - not needed for --help

    table = Table(box=None)
    for heading in ("CLUSTER", "PROGRAM"):
        table.add_column(heading)
    for heading in ("PID", "PORT", "MEMORY"):
        table.add_column(heading, justify="right")
    table.add_column("READY")
    for row in rows:
        memory = "-" if row.memory is None else f"{row.memory / MEBIBYTE:.0f} MiB"
        table.add_row(
            row.cluster,
            row.program,
            str(row.pid or "-"),
            str(row.port or "-"),
            memory,
            str(row.ready),
        )
    return table
