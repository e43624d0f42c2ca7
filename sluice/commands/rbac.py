"""`sluice rbac`: a stack's two service accounts, with the least that they need."""

from __future__ import annotations

import click

from components.lib.manifests import documents
from sluice.console.options import stack_argument
from sluice.declaration.desired import DesiredState
from sluice.security.accounts import NAMESPACE, accounts
from sluice.security.needs import StackNeeds, stack_needs
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["rbac"]

_POLICY = ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")


@click.command()
@stack_argument
@click.option(
    "--namespace", default=NAMESPACE, show_default=True, help="Where the service accounts live."
)
def rbac(stack: Stack, namespace: str) -> None:
    """Print the service accounts that STACK needs on its cluster.

    To be applied by who administers the cluster. PROJECT-STACK-preview reads, and
    asks the server by dry runs, to which an admission policy keeps it.
    PROJECT-STACK-up applies and removes what the stack declares and what its state
    holds: kinds of a namespace there, kinds of the cluster by name. Print and apply
    them again when a stack gets a new namespace, kind, object of the cluster, or
    role. docs/security.md has what each may and may not do.

    \b
    Example:
      sluice rbac dev | kubectl --context dev-cluster apply --server-side -f -
      sluice kubeconfig dev --account up --output-file up.yaml
    """
    enter(stack.repository)
    desired = DesiredState(stack)
    cluster, needs = desired.cluster, stack_needs(desired)
    dry_run = cluster.serves(*_POLICY)
    if not dry_run:
        _warn(
            f"context {cluster.context} serves no ValidatingAdmissionPolicy: the preview's account "
            "may only read, so previews guess what the server would make of an object"
        )
    _warn_of_power(needs)
    made = accounts(
        stack.repository.project, stack.name, needs, namespace=namespace, dry_run=dry_run
    )
    click.echo("".join(f"---\n{documents.dump(each)}" for each in made), nl=False)


def _warn_of_power(needs: StackNeeds) -> None:
    for name in sorted(needs.granted.aggregated):
        _warn(
            f"ClusterRole {name} aggregates others, so the account that applies it can allow "
            "itself anything"
        )
    every = (rule for rules in needs.granted.rules.values() for rule in rules)
    if any("*" in (rule.get("verbs") or ()) and "*" in rule.get("resources", ()) for rule in every):
        _warn(
            "a role of the stack allows everything, so the account that applies it may do "
            "everything too"
        )


def _warn(text: str) -> None:
    click.echo(f"Warning: {text}", err=True)
