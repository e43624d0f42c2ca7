"""`sluice bootstrap`: make a repository on Gitea what the pipeline needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sluice.console.options import in_repository
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository

if TYPE_CHECKING:
    from sluice.gitea.bootstrap_plan import Outcome

__all__ = ["bootstrap"]

_COLOURS: dict[Outcome, str] = {"made": "green", "repaired": "yellow", "missing": "red"}


@click.group()
def bootstrap() -> None:
    """Prepare the place where the pipeline runs.

    \b
    Example:
      sluice bootstrap gitea
    """


@bootstrap.command()
@click.option(
    "--status-check",
    "checks",
    multiple=True,
    default=("sluice/data-loss",),
    show_default=True,
    metavar="CONTEXT",
    help="A commit status that a pull request needs; several times.",
)
@click.option("--approvals", default=0, help="How many approvals a pull request needs.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME",
    help="Set a secret to the value of $NAME, or of the file $NAME_FILE; several times.",
)
@click.option(
    "--variable", "variables", multiple=True, metavar="NAME=VALUE", help="Set it; several times."
)
@click.option(
    "--deploy-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file of a public SSH key that may read the repository.",
)
@click.option("--bot", default="sluice-bot", show_default=True, help="The pipeline's account.")
@click.option("--branch", default="main", show_default=True, help="The branch to protect.")
@click.option("--public", is_flag=True, help="A repository that has to be made is public.")
@click.option("--renew-token", is_flag=True, help="Give the bot a new token; the old one ends.")
@in_repository
def gitea(
    repository: Repository,
    checks: tuple[str, ...],
    approvals: int,
    secrets: tuple[str, ...],
    variables: tuple[str, ...],
    deploy_key: Path | None,
    bot: str,
    branch: str,
    public: bool,
    renew_token: bool,
) -> None:
    """Make, or repair, this checkout's repository on Gitea.

    The one that the remote names: the organisation, the repository, the pipeline's
    account and its token as the secret SLUICE_TOKEN, the protected branch, labels,
    secrets, variables, a deploy key; and look for a runner. GITEA_TOKEN has to own
    the repository and, where the account has to be made, to administer the server;
    to do without, make a token for the account and give it with
    --secret SLUICE_TOKEN.

    \b
    Example:
      sluice bootstrap gitea
      sluice bootstrap gitea --approvals 1 --secret KUBECONFIG_UP --secret KUBECONFIG_PREVIEW
    """
    from sluice.gitea.bootstrap import apply  # noqa: PLC0415
    from sluice.gitea.bootstrap_plan import BootstrapPlan  # noqa: PLC0415
    from sluice.gitea.client import Gitea  # noqa: PLC0415

    plan = BootstrapPlan(
        private=not public,
        branch=branch,
        checks=checks,
        approvals=approvals,
        bot=bot,
        secrets={name: _secret(name) for name in secrets},
        variables=dict(_variable(text) for text in variables),
        deploy_key=deploy_key.read_text(encoding="utf-8").strip() if deploy_key else "",
    )
    for result in apply(Gitea.of(repository), plan, renew_token=renew_token):
        outcome = click.style(result.outcome.ljust(8), fg=_COLOURS.get(result.outcome))
        detail = f" ({result.detail})" if result.detail else ""
        click.echo(f"{outcome} {result.subject}{detail}")


def _secret(name: str) -> str:
    """Return a secret's value from where no other user of the machine can read it."""
    if value := os.environ.get(name):
        return value
    file = os.environ.get(f"{name}_FILE")
    if not file:
        raise RepositoryError(
            f"--secret {name}: set {name} in the environment, or {name}_FILE to the file with it"
        )
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise RepositoryError(f"--secret {name}: {file} cannot be read: {error}") from None


def _variable(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise click.UsageError(f"--variable {text!r} is not NAME=VALUE")
    return name, value
