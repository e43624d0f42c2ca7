"""`SecretStore` and `ClusterSecretStore`: where the External Secrets Operator fetches from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.custom_resource import CustomResource
from components.manifests import fields
from components.namespace import Namespace, name_of
from components.typed import Typed, named

__all__ = [
    "AWSProvider",
    "ClusterSecretStore",
    "KubernetesProvider",
    "OtherProvider",
    "SecretKeySelector",
    "SecretStore",
    "StoreArgs",
    "VaultProvider",
]


@dataclass(frozen=True, kw_only=True)
class SecretKeySelector(Typed):
    """A key of a Secret that the store signs in with.

    Attributes:
        name: the Secret's name.
        key: its key.
        namespace: by default the store's; a `ClusterSecretStore` has to say it.

    """

    name: str
    key: str
    namespace: str = ""


@dataclass(frozen=True, kw_only=True)
class VaultProvider(Typed):
    """HashiCorp Vault or OpenBao.

    Attributes:
        server: its URL.
        path: where the engine is mounted; by default `secret`.
        version: of the key-value engine; by default `v2`.
        role: the role of Vault's Kubernetes sign-in, with the operator's own account.
        mount_path: where that sign-in is mounted; by default `kubernetes`.
        token: a token in a Secret, in place of `role`.
        ca_bundle: the authority of its certificate, PEM in base64; by default the system's.

    """

    server: str
    path: str = "secret"
    version: Literal["v1", "v2"] = "v2"
    role: str = ""
    mount_path: str = "kubernetes"
    token: SecretKeySelector | None = None
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.server.startswith(("http://", "https://")):
            raise self.refusal(f"server: {self.server!r} is no URL")
        if bool(self.role) == (self.token is not None):
            raise self.refusal("give one of role and token")

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        beside = ("role", "mountPath", "token")
        own = {key: value for key, value in self.as_fields().items() if key not in beside}
        if self.token is not None:
            auth: dict[str, Any] = {"tokenSecretRef": self.token.as_fields()}
        else:
            auth = {"kubernetes": {"mountPath": self.mount_path, "role": self.role}}
        return {"vault": {**own, "auth": auth}}


@dataclass(frozen=True, kw_only=True)
class AWSProvider(Typed):
    """AWS Secrets Manager or Parameter Store.

    Attributes:
        region: such as `eu-central-1`.
        service: by default `SecretsManager`.
        role: an IAM role's ARN that is assumed; by default none.
        access_key_id: in a Secret; by default the pod's identity is used.
        secret_access_key: in a Secret; with `access_key_id`.

    """

    region: str
    service: Literal["SecretsManager", "ParameterStore"] = "SecretsManager"
    role: str = ""
    access_key_id: SecretKeySelector | None = field(
        default=None, metadata=named("accessKeyIDSecretRef")
    )
    secret_access_key: SecretKeySelector | None = field(
        default=None, metadata=named("secretAccessKeySecretRef")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.region:
            raise self.refusal("region is required")
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise self.refusal("give access_key_id and secret_access_key together")

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        keys = ("accessKeyIDSecretRef", "secretAccessKeySecretRef")
        given = self.as_fields()
        own = {key: value for key, value in given.items() if key not in keys}
        login = {key: given[key] for key in keys if key in given}
        return {"aws": {**own, **({"auth": {"secretRef": login}} if login else {})}}


@dataclass(frozen=True, kw_only=True)
class KubernetesProvider(Typed):
    """Secrets of another namespace, or of another cluster.

    Attributes:
        remote_namespace: where they are.
        service_account: the account that reads them.
        server: the URL of another cluster; by default this one.
        ca_config_map: the ConfigMap with its authority, under `ca.crt`; by default
            `kube-root-ca.crt`, which every namespace has for its own cluster.

    """

    remote_namespace: str
    service_account: str
    server: str = ""
    ca_config_map: str = "kube-root-ca.crt"

    def __post_init__(self) -> None:
        super().__post_init__()
        fields.dns_label("KubernetesProvider: remote_namespace", self.remote_namespace)
        fields.dns_subdomain("KubernetesProvider: service_account", self.service_account)

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        authority = {"type": "ConfigMap", "name": self.ca_config_map, "key": "ca.crt"}
        server: dict[str, Any] = {"caProvider": authority}
        if self.server:
            server["url"] = self.server
        return {
            "kubernetes": {
                "remoteNamespace": self.remote_namespace,
                "server": server,
                "auth": {"serviceAccount": {"name": self.service_account}},
                **self.extra,
            }
        }


@dataclass(frozen=True, kw_only=True)
class OtherProvider(Typed):
    """Any other provider of the operator's.

    Attributes:
        name: its name in `spec.provider`: `gcpsm`, `azurekv`, `onepassword`.
        settings: what it has there, by the operator's names.

    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name:
            raise self.refusal("name is required")

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        return {self.name: {**self.settings, **self.extra}}


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
        return {"provider": self.args.provider.as_provider()}


class SecretStore(_Store):
    """Where the ExternalSecrets of one namespace come from."""

    kind = "SecretStore"


class ClusterSecretStore(_Store):
    """Where the ExternalSecrets of every namespace come from."""

    kind = "ClusterSecretStore"
