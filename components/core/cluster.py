"""`Cluster`: another cluster of a stack, for the components that are placed on it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.base.component import PARENT, Component
from components.base.location import caller
from components.errors import DeclarationError
from components.lib.manifests import fields
from components.lib.state.deployed import cluster_key
from components.runtime.provider import provider
from components.runtime.settings import Setting

__all__ = ["Cluster", "ClusterArgs"]


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """Arguments of `Cluster`: the context, or the secret, and where they are.

    Attributes:
        context: the kubeconfig's context; by default its current one.
        kubeconfig: the kubeconfig's file; by default the usual one.
        secret: the key of the stack's configuration that holds a whole kubeconfig
            (`pulumi config set --secret KEY`), in place of a file.

    """

    context: str = ""
    kubeconfig: str = ""
    secret: str = ""


class Cluster(Component):
    """A cluster beside the stack's own.

    What has it as its parent is placed on it, with a name of its own in the
    stack: `web@west` is the component `web` on the cluster `west`, its objects
    are named as anywhere. Answers to `spec.kubeConfig` of Flux's Kustomization
    and HelmRelease.
    """

    def __init__(
        self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the cluster `name`."""
        self.name, self.where = name, caller()
        try:
            _check(name, args)
            kubeconfig = _kubeconfig(args)
        except DeclarationError as error:
            raise self.refusal(error) from None
        options = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(parent=(opts and opts.parent) or PARENT.get())
        )
        beside = pulumi.ResourceOptions(parent=options.parent)
        own = provider(name, context=args.context, kubeconfig=kubeconfig, opts=beside)
        placing = pulumi.ResourceOptions(providers=[own])
        super().__init__("cluster:Cluster", name, pulumi.ResourceOptions.merge(options, placing))
        self.args = args
        self.register_outputs({"context": args.context})

    @property
    def places(self) -> str:
        """The name of the cluster that its children are placed on."""
        return self.name

    @property
    def places_key(self) -> str:
        """How that cluster is reached; its name where that is a secret."""
        secret = self.name if self.args.secret else ""
        return secret or cluster_key(self.args.context, self.args.kubeconfig, self.name)

    def on(self) -> pulumi.ResourceOptions:
        """Return the options that place a component here: `Application("web", args, west.on())`."""
        return pulumi.ResourceOptions(parent=self)


def _check(name: str, args: ClusterArgs) -> None:
    fields.dns_label("name", name)
    if args.kubeconfig and args.secret:
        raise DeclarationError("give either kubeconfig or secret")
    if not args.context and not args.kubeconfig and not args.secret:
        raise DeclarationError("give context, kubeconfig or secret")


def _kubeconfig(args: ClusterArgs) -> pulumi.Input[str]:
    if args.secret:
        return pulumi.Output.secret(Setting(str, args.secret).read())
    return args.kubeconfig
