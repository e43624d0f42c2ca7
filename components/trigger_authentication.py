"""`TriggerAuthentication`: how KEDA signs in where the triggers of a ScaledObject look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.custom_resource import CustomResource
from components.errors import DeclarationError
from components.namespace import Namespace, name_of
from components.typed import Typed

__all__ = ["SecretKey", "TriggerAuthentication", "TriggerAuthenticationArgs"]


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
class TriggerAuthenticationArgs:
    """Arguments of `TriggerAuthentication`; at least one way in.

    Attributes:
        namespace: its namespace, which is that of the objects that use it.
        secret_target_ref: parameters from Secrets.
        config_map_target_ref: parameters from ConfigMaps.
        env: parameters from the container's environment: parameter to variable.
        pod_identity: a cloud's identity of the pod, such as `aws`; by default none.
        extra: fields of `spec` that are not here: `hashiCorpVault`, `azureKeyVault` and newer ones.
        timeout: how long the object may take; by default `5m`.

    """

    namespace: str | Namespace
    secret_target_ref: Sequence[SecretKey] = ()
    config_map_target_ref: Sequence[SecretKey] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    pod_identity: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: str = "5m"


class TriggerAuthentication(CustomResource):
    """How KEDA signs in where its triggers look. Answers to KEDA's kind of that name."""

    api_version = "keda.sh/v1alpha1"
    kind = "TriggerAuthentication"

    def __init__(
        self, name: str, args: TriggerAuthenticationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the object `name`."""
        super().__init__("keda:TriggerAuthentication", name, opts, needs=(args.namespace,))
        self.args = args
        self.declare(name_of(args.namespace), args.extra, args.timeout)

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`."""
        args = self.args
        own = {
            "secretTargetRef": [each.as_fields() for each in args.secret_target_ref],
            "configMapTargetRef": [each.as_fields() for each in args.config_map_target_ref],
            "env": [{"parameter": key, "name": value} for key, value in args.env.items()],
            "podIdentity": {"provider": args.pod_identity} if args.pod_identity else None,
        }
        if not any(own.values()) and not args.extra:
            raise DeclarationError("it says no way to sign in; give secret_target_ref=")
        return own
