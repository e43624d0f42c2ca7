"""The kubeconfigs of a stack's tenants, where Pulumi needs them before the program has run.

A refresh and the removal of what left the program use the providers of the
state, whose kubeconfigs are files of the checkout that deployed last.
"""

from __future__ import annotations

from components.runtime.impersonation import Impersonation, tenant_of
from sluice.stack.stack import Stack

__all__ = ["write_kubeconfigs"]

_PROVIDER = "pulumi:providers:kubernetes"


def write_kubeconfigs(stack: Stack, *, looks_only: bool = False) -> None:
    """Write those that the stack's state names; `looks_only` is whether nothing will be applied.

    Raises:
        DeclarationError: where kubectl is missing, or cannot read the kubeconfig.
        DeploymentError: where the state cannot be read.

    """
    files = [
        str(each.inputs.get("kubeconfig") or "")
        for each in stack.state().resources()
        if each.type == _PROVIDER
    ]
    tenants = {tenant for file in files if (tenant := tenant_of(file))}
    settings = stack.settings()
    write = Impersonation(
        stack.repository.root,
        stack.name,
        settings.context,
        settings.kubeconfig,
        looks_only=looks_only,
    )
    for tenant in sorted(tenants):
        write(tenant)
