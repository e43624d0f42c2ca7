"""`SecretStore` and `ClusterSecretStore`: where the External Secrets Operator fetches from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.base.custom_resource import CustomResource
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.secrets.store_providers import (
    AWSProvider,
    KubernetesProvider,
    OtherProvider,
    VaultProvider,
)

__all__ = ["ClusterSecretStore", "SecretStore", "StoreArgs"]


@dataclass(frozen=True, kw_only=True)
class StoreArgs:
    """Arguments of `SecretStore` and `ClusterSecretStore`.

    Attributes:
        provider: where the secrets are.
        namespace: the store's namespace; a `ClusterSecretStore` has none.
        extra: fields of `spec` that a newer operator has.
        timeout: how long until it can be used; by default `5m`.
        wait: whether an update waits until the operator says `Ready`; by default yes.

    """

    provider: VaultProvider | AWSProvider | KubernetesProvider | OtherProvider
    namespace: str | Namespace = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: str = "5m"
    wait: bool = True


class _Store(CustomResource):
    api_version = "external-secrets.io/v1"
    wait_for = "condition=Ready"

    def __init__(
        self, name: str, args: StoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"secrets:{self.kind}", name, opts, needs=(args.namespace,))
        self.args = args
        if bool(args.namespace) != (self.kind == "SecretStore"):
            wanted = "has one" if self.kind == "SecretStore" else "has none"
            raise self.refusal(f"namespace: a {self.kind} {wanted}")
        self.declare(name_of(args.namespace), args.extra, args.timeout, wait=args.wait)

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`."""
        place = name_of(self.args.namespace)
        for each in self.args.provider.selectors:
            if not place and not each.namespace:
                raise DeclarationError(
                    f"provider: {each.name}: a {self.kind} has no namespace; say namespace="
                )
            if place and each.namespace:
                raise DeclarationError(
                    f"provider: {each.name}: a {self.kind} reads only its own namespace; "
                    "leave namespace= out"
                )
        return {"provider": self.args.provider.as_provider()}


class SecretStore(_Store):
    """Where the ExternalSecrets of one namespace come from."""

    kind = "SecretStore"


class ClusterSecretStore(_Store):
    """Where the ExternalSecrets of every namespace come from."""

    kind = "ClusterSecretStore"
