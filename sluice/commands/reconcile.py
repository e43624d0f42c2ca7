"""`sluice reconcile`: make stacks, or parts of them, what the newest commit says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from components.errors import SluiceError
from sluice.console.options import in_repository, wait_option
from sluice.console.progress import progress
from sluice.errors import (
    DeploymentError,
    LockedError,
    RepositoryError,
    SuspendedError,
    WaitingError,
)
from sluice.reconciliation.result import Reconciliation
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

if TYPE_CHECKING:
    from sluice.reconciliation.commits import Commits
    from sluice.reconciliation.result import Admission, Result

__all__ = ["reconcile"]

F = TypeVar("F", bound=Callable[..., Any])
_CHANGED: Final = 6


class _StackByDefault(click.Group):
    """Takes `reconcile dev` for `reconcile stack dev`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the word in where none of the kinds is named."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named or not args else ["stack", *args])


def _options(command: F) -> F:
    for option in (
        click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text"),
        click.option("--exit-code", is_flag=True, help="End with 6 where something was changed."),
        wait_option,
    ):
        command = option(command)
    return command


@click.group(cls=_StackByDefault)
def reconcile() -> None:
    """Make STACKS what the newest commit of their branch says.

    The commit is fetched into a clean checkout; your working tree plays no part.
    Waits until they are healthy. What was changed by hand is put back, what is
    suspended is left out, and a stack where nothing can have changed is not run at
    all.

    \b
    Example:
      sluice reconcile dev
      sluice reconcile dev staging prod --wait 30m
      sluice reconcile helmrelease redis --stack dev --with-source
    """


@reconcile.command("stack")
@click.argument("stacks", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Reconcile every stack.")
@click.option(
    "--gated",
    is_flag=True,
    help="Apply only what was approved, and lose no data that its pull request did not show.",
)
@_options
@in_repository
def stack_(
    repository: Repository,
    stacks: tuple[str, ...],
    everything: bool,
    gated: bool,
    wait: timedelta,
    exit_code: bool,
    output: str,
) -> None:
    """Reconcile STACKS, each after the one that it follows.

    That one has to be healthy. A stack that fails, waits or is suspended keeps
    those that follow it from being reconciled; the others are.

    \b
    Example:
      sluice reconcile stack dev
      sluice reconcile stack --all --gated
    """
    from sluice.reconciliation.commits import Commits  # noqa: PLC0415 - not needed for --help
    from sluice.reconciliation.reconciliation import reconcile_stack  # noqa: PLC0415 - the same

    if bool(stacks) == everything:
        raise click.UsageError("give STACKS or --all")
    enter(repository)
    report = _Report(output)
    admissions = _admissions(repository) if gated else ()
    with Commits(repository) as commits:
        first = commits.newest()
        for stack in first.chosen(stacks):
            before = stack.settings().follows
            if report.stopped(before):
                report.leave_out(stack.name, first.commit, before)
                continue
            with report.errors_of(stack, commits), progress(stack) as watch:
                own = stack.at(repository)
                report.add(
                    reconcile_stack(own, commits, watch=watch, wait=wait, admissions=admissions)
                )
    report.end(exit_code=exit_code)


def _admissions(repository: Repository) -> tuple[Admission, ...]:
    from sluice.declaration.desired import DesiredState  # noqa: PLC0415
    from sluice.gitea.client import Gitea  # noqa: PLC0415
    from sluice.inputs.deployment_record import load  # noqa: PLC0415 - only for a pipeline
    from sluice.pipeline.approval import Gate  # noqa: PLC0415
    from sluice.pipeline.reviewed import Merge, check_reviewed  # noqa: PLC0415
    from sluice.plan.planning import plan  # noqa: PLC0415

    gitea = Gitea.of(repository)

    def approved(stack: Stack, commit: str) -> None:
        Gate.of(stack).check(repository, commit, gitea)

    def reviewed(stack: Stack, commit: str) -> None:
        deployed = load(stack)
        merge = Merge(repository, gitea, deployed.commit if deployed else "", commit)
        check_reviewed(merge, stack.name, lambda: plan(DesiredState(stack)).changes)

    return approved, reviewed


def _part(word: str, kinds: Collection[str], shown: str) -> None:
    """Add `reconcile WORD NAME`, for components of these kinds."""

    @reconcile.command(
        word,
        short_help=f"Reconcile {shown}, with what it depends on.",
        help=f"""Reconcile {shown} NAME, with what it depends on, in each stack that has it.

        Without --with-source, the commit is the one that was deployed last.

        \b
        Example:
          sluice reconcile {word} NAME --stack dev --with-source
        """,
    )
    @click.argument("name")
    @click.option("--stack", "stacks", multiple=True, help="Only this stack; may be given again.")
    @click.option("--with-source", is_flag=True, help="Fetch the newest commit first.")
    @_options
    @in_repository
    def part(
        repository: Repository,
        name: str,
        stacks: tuple[str, ...],
        with_source: bool,
        wait: timedelta,
        exit_code: bool,
        output: str,
    ) -> None:
        from sluice.reconciliation.commits import Commits  # noqa: PLC0415 - not needed for --help
        from sluice.reconciliation.reconciliation import reconcile_part  # noqa: PLC0415 - the same

        enter(repository)
        report = _Report(output)
        with Commits(repository) as commits:
            if with_source:
                commits.newest()
            for stack, components in _having(repository, stacks, kinds, name).items():
                decide = partial(commits.next if with_source else commits.deployed, stack)
                with report.errors_of(stack, commits), progress(stack) as watch:
                    report.add(
                        reconcile_part(stack, commits, components, decide, watch=watch, wait=wait)
                    )
        report.end(exit_code=exit_code)


_part("kustomization", ("Kustomization",), "the Kustomization")
_part("helmrelease", ("HelmRelease",), "the HelmRelease")
_part("application", ("Application",), "the Application")
_part("source", ("GitRepository", "HelmRepository", "OCIRepository"), "the repository")


def _having(
    repository: Repository, stacks: tuple[str, ...], kinds: Collection[str], name: str
) -> dict[Stack, list[str]]:
    from sluice.inventory.component import components, with_dependencies  # noqa: PLC0415 - only for a part

    parts = {
        stack: with_dependencies(components(stack.state().resources()), kinds, name)
        for stack in repository.chosen(stacks)
    }
    found = {stack: components for stack, components in parts.items() if components}
    if not found:
        raise RepositoryError(
            f"no {' or '.join(kinds)} {name!r} is deployed to {', '.join(map(str, parts))}; "
            "`sluice reconcile stack` deploys what is new"
        )
    return found


_RESULTS: Final[dict[type[SluiceError], Result]] = {
    DeploymentError: "failed",
    LockedError: "locked",
    SuspendedError: "suspended",
    WaitingError: "waiting",
}


class _Report:
    """What became of each stack, told as it happens or as JSON at the end."""

    def __init__(self, output: str) -> None:
        self._as_json = output == "json"
        self._rows: list[dict[str, Any]] = []
        self._stopped: dict[str, int] = {}

    def add(self, done: Reconciliation) -> None:
        """Take what was done."""
        if done.result == "rolled back":
            self._stopped[done.stack] = DeploymentError.exit_code
        self._rows.append(asdict(done))
        if not self._as_json:
            click.echo(f"{done.stack}: {done.result} at {done.commit[:7]}: {done.message}")

    def stopped(self, stack: str) -> bool:
        """Whether the stack is not what Git says, so that none may follow it."""
        return stack in self._stopped

    def leave_out(self, stack: str, commit: str, before: str) -> None:
        """Take that a stack was not begun, since the one before it was stopped."""
        message = f"{stack}: not begun: it follows {before}, which has to be healthy"
        self._stop(Reconciliation(stack, commit, "not begun", message), self._stopped[before])

    @contextmanager
    def errors_of(self, stack: Stack, commits: Commits) -> Iterator[None]:
        """Take an error as what became of the stack."""
        try:
            yield
        except SluiceError as error:
            result, changes = _RESULTS.get(type(error), "refused"), getattr(error, "changes", ())
            row = Reconciliation(
                stack.name, commits.given(stack), result, str(error), changes=changes
            )
            self._stop(row, error.exit_code)

    def _stop(self, row: Reconciliation, exit_code: int) -> None:
        self._stopped[row.stack] = exit_code
        self._rows.append(asdict(row))
        if not self._as_json:
            click.echo(f"Error: {row.message}" if exit_code else row.message, err=True)

    def end(self, *, exit_code: bool) -> None:
        """Print what is left to print, and end the command."""
        if self._as_json:
            click.echo(json.dumps(self._rows, indent=2))
        if any(self._stopped.values()):
            sys.exit(next(filter(None, self._stopped.values())))
        if exit_code and any(row["result"] == "changed" for row in self._rows):
            sys.exit(_CHANGED)
