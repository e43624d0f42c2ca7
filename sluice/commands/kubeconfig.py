"""`sluice kubeconfig`: the way into a stack's cluster for one of its service accounts."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from components.lib.files import atomic_file
from components.lib.manifests import documents
from sluice.console.options import Duration, stack_argument
from sluice.kubernetes.credentials import way_in
from sluice.security.accounts import NAMESPACE, Account, account_name
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["kubeconfig"]


@click.command()
@stack_argument
@click.option("--account", type=click.Choice(["preview", "up"]), required=True, help="Whose.")
@click.option(
    "--namespace", default=NAMESPACE, show_default=True, help="Where the service accounts live."
)
@click.option(
    "--duration",
    type=Duration(),
    default="2160h",
    show_default=True,
    help="How long the token is good; the cluster may say less.",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Written for your eyes only (mode 0600).  [default: standard output]",
)
def kubeconfig(
    stack: Stack,
    account: Account,
    namespace: str,
    duration: timedelta,
    output_file: Path | None,
) -> None:
    """Write a kubeconfig with a new token of an account of STACK.

    `sluice rbac` makes the accounts. The context has the stack's name for it, so
    that it serves as $KUBECONFIG of a pipeline. A terminal is not written to, for
    the token is a secret.

    \b
    Example:
      sluice kubeconfig dev --account up --output-file up.yaml
      sluice kubeconfig dev --account preview | pass insert --multiline ci/dev-preview
    """
    if output_file is None and sys.stdout.isatty():
        raise click.UsageError("the token is secret: give --output-file, or pipe it to its place")
    enter(stack.repository)
    cluster = stack.cluster()
    server = way_in(cluster.context, cluster.kubeconfig)
    name = account_name(stack.repository.project, stack.name, account)
    token, expires = cluster.token(namespace, name, int(duration.total_seconds()))
    content = documents.dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": cluster.context,
            "clusters": [{"name": cluster.context, "cluster": server}],
            "contexts": [
                {"name": cluster.context, "context": {"cluster": cluster.context, "user": name}}
            ],
            "users": [{"name": name, "user": {"token": token}}],
        }
    )
    if output_file:
        atomic_file.write(output_file, content.encode(), mode=0o600)
    else:
        click.echo(content, nl=False)
    click.echo(f"{namespace}/{name}: its token is good until {expires}", err=True)
