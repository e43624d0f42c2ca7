"""How KEDA signs in where the triggers of a ScaledObject look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.base.custom_resource import CustomResource
from components.base.typed import Typed
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError

__all__ = [
    "ClusterTriggerAuthentication",
    "PodIdentity",
    "SecretKey",
    "TriggerAuthentication",
    "TriggerAuthenticationArgs",
]


@dataclass(frozen=True, kw_only=True)
class SecretKey(Typed):
    """A trigger's parameter that a key of a Secret or ConfigMap gives.

    Attributes:
        parameter: the parameter, such as `password`.
        name: the object's name, in the same namespace.
        key: its key.

    """

    parameter: str
    name: str
    key: str


@dataclass(frozen=True, kw_only=True)
class PodIdentity(Typed):
    """A cloud's identity that KEDA takes on.

    Attributes:
        provider: the cloud's way.
        identity_id: of `azure-workload`: the identity; by default the one linked to KEDA.
        role_arn: of `aws`: the role that is assumed; by default `identity_owner` says whose.
        identity_owner: of `aws`: whether KEDA's own or the workload's; by default `keda`.

    """

    provider: Literal["aws", "aws-eks", "azure-workload", "gcp", "none"]
    identity_id: str = ""
    role_arn: str = ""
    identity_owner: Literal["keda", "workload"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.role_arn and self.identity_owner:
            raise self.refusal("role_arn and identity_owner exclude each other")


@dataclass(frozen=True, kw_only=True)
class TriggerAuthenticationArgs:
    """Arguments of `TriggerAuthentication` and `ClusterTriggerAuthentication`.

    At least one way in has to be given.

    Attributes:
        namespace: its namespace, which is that of the objects that use it; a
            `ClusterTriggerAuthentication` has none.
        secret_target_ref: parameters from Secrets of its namespace, of KEDA's where it has none.
        config_map_target_ref: parameters from ConfigMaps.
        env: parameters from the container's environment: parameter to variable.
        pod_identity: a cloud's identity; by default none.
        extra: fields of `spec` that are not here: `hashiCorpVault`, `azureKeyVault` and newer ones.
        timeout: how long the object may take; by default `5m`.

    """

    namespace: str | Namespace = ""
    secret_target_ref: Sequence[SecretKey] = ()
    config_map_target_ref: Sequence[SecretKey] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    pod_identity: PodIdentity | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: str = "5m"


class _Authentication(CustomResource):
    api_version = "keda.sh/v1alpha1"

    def __init__(
        self, name: str, args: TriggerAuthenticationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"keda:{self.kind}", name, opts, needs=(args.namespace,))
        self.args = args
        if bool(args.namespace) != (self.kind == "TriggerAuthentication"):
            wanted = "has one" if self.kind == "TriggerAuthentication" else "has none"
            raise self.refusal(f"namespace: a {self.kind} {wanted}")
        self.declare(name_of(args.namespace), args.extra, args.timeout)

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`."""
        args = self.args
        own = {
            "secretTargetRef": [each.as_fields() for each in args.secret_target_ref],
            "configMapTargetRef": [each.as_fields() for each in args.config_map_target_ref],
            "env": [{"parameter": key, "name": value} for key, value in args.env.items()],
            "podIdentity": args.pod_identity.as_fields() if args.pod_identity else None,
        }
        if not any(own.values()) and not args.extra:
            raise DeclarationError("it says no way to sign in; give secret_target_ref=")
        return own


class TriggerAuthentication(_Authentication):
    """How KEDA signs in where triggers look. Answers to KEDA's kind of that name."""

    kind = "TriggerAuthentication"


class ClusterTriggerAuthentication(_Authentication):
    """The same for the triggers of every namespace, with Secrets of KEDA's own namespace."""

    kind = "ClusterTriggerAuthentication"
