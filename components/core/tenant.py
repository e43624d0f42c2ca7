"""`Tenant`: a team's namespace, and an account that what is in it is deployed as."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import pulumi

from components.base.component import PARENT, Component
from components.base.location import caller
from components.core.namespace import Namespace, NamespaceArgs, NetworkIsolation
from components.errors import DeclarationError, SluiceError
from components.lib.manifests import fields
from components.runtime.impersonation import IMPERSONATED, path_of
from components.runtime.provider import provider

__all__ = ["Tenant", "TenantArgs"]

_ISOLATED: Final = NamespaceArgs(network=NetworkIsolation.SAME_NAMESPACE)


@dataclass(frozen=True, kw_only=True)
class TenantArgs:
    """Arguments of `Tenant`, each optional.

    Attributes:
        namespace: its namespace's quota, limits, network and who of the team may do what; by
            default only its own pods reach each other.
        role: the cluster role that its account has in the namespace; by default `admin`, which
            changes neither the quota nor the namespace itself.

    """

    namespace: NamespaceArgs = field(default_factory=lambda: _ISOLATED)
    role: str = "admin"


class Tenant(Component):
    """A team's namespace, and an account that its releases are deployed as.

    The ServiceAccount is named after the tenant. What has the tenant as its
    parent is applied as that account, so the API server refuses whatever is
    not in the namespace; an object that is declared elsewhere is refused
    before. Whoever deploys has to be allowed to impersonate it. Answers to
    `flux create tenant`, and to `spec.serviceAccountName` of Flux's
    Kustomization and HelmRelease.

    Attributes:
        namespace: its `Namespace`.

    """

    def __init__(
        self,
        name: str,
        args: TenantArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the tenant `name`, and its namespace of the same name."""
        self.args = args or TenantArgs()
        self.name, self.where = name, caller()
        parent = (opts and opts.parent) or PARENT.get()
        try:
            self._check(parent)
            IMPERSONATED.get()(name)
        except SluiceError as error:
            raise self.refusal(error) from None
        beside = pulumi.ResourceOptions(parent=parent)
        accounts = {**self.args.namespace.accounts, name: self.args.role}
        home = replace(self.args.namespace, accounts=accounts)
        self.namespace = Namespace(name, home, pulumi.ResourceOptions.merge(opts, beside))
        path = path_of(pulumi.get_stack(), name)
        own = provider(f"tenant:{name}", context="", kubeconfig=path, opts=beside)
        placing = pulumi.ResourceOptions(parent=parent, providers=[own])
        options = pulumi.ResourceOptions.merge(opts, placing)
        # It comes after its namespace, and its children after it.
        super().__init__("core:Tenant", name, options, depends_on=self.namespace.made)
        self.register_outputs({"role": self.args.role})

    @property
    def confines(self) -> str:
        """The namespace that its children's objects have to be in."""
        return self.name

    def on(self) -> pulumi.ResourceOptions:
        """Return the options that deploy a component as it: `HelmRelease("web", args, a.on())`."""
        return pulumi.ResourceOptions(parent=self)

    def _check(self, parent: pulumi.Resource | None) -> None:
        fields.dns_label("name", self.name)
        fields.dns_subdomain("role", self.args.role)
        if isinstance(parent, Component) and (parent.places or parent.confines):
            raise DeclarationError(
                f"is in {type(parent).__name__} {parent.name!r}, and a tenant is on the stack's "
                "own cluster, in no other"
            )
