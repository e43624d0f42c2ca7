"""The providers of a secret store: Vault, AWS, Kubernetes, any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from components.base.typed import Typed, named
from components.lib.manifests import fields

__all__ = [
    "AWSProvider",
    "KubernetesProvider",
    "OtherProvider",
    "SecretKeySelector",
    "ServiceAccountSelector",
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
class ServiceAccountSelector(Typed):
    """A ServiceAccount that the store signs in as.

    Attributes:
        name: its name.
        namespace: by default the store's; a `ClusterSecretStore` has to say it.
        audiences: whom its token is for; by default the provider's.

    """

    name: str
    namespace: str = ""
    audiences: Sequence[str] = ()


Selector = SecretKeySelector | ServiceAccountSelector


@dataclass(frozen=True, kw_only=True)
class VaultProvider(Typed):
    """HashiCorp Vault or OpenBao.

    Attributes:
        server: its URL.
        path: where the engine is mounted; by default `secret`.
        version: of the key-value engine; by default `v2`.
        namespace: Vault's own namespace; by default none.
        role: the role of Vault's Kubernetes sign-in.
        service_account: whose token signs in with `role`; by default the operator's.
        mount_path: where that sign-in is mounted; by default `kubernetes`.
        token: a token in a Secret, in place of `role`.
        auth: any other way of signing in, as the operator has it: `{"appRole": {…}}`.
        ca_bundle: the authority of its certificate, PEM in base64; by default the system's.

    """

    server: str
    path: str = "secret"
    version: Literal["v1", "v2"] = "v2"
    namespace: str = ""
    role: str = ""
    service_account: ServiceAccountSelector | None = None
    mount_path: str = "kubernetes"
    token: SecretKeySelector | None = None
    auth: Mapping[str, Any] = field(default_factory=dict)
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.server.startswith(("http://", "https://")):
            raise self.refusal(f"server: {self.server!r} is no URL")
        if [bool(self.role), self.token is not None, bool(self.auth)].count(True) != 1:
            raise self.refusal("give one of role, token and auth")
        if self.service_account and not self.role:
            raise self.refusal("role is required with service_account")

    @property
    def selectors(self) -> list[Selector]:
        """What it refers to in a namespace."""
        return [each for each in (self.token, self.service_account) if each]

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        beside = ("role", "serviceAccount", "mountPath", "token")
        own = {key: value for key, value in self.as_fields().items() if key not in beside}
        if self.auth:
            return {"vault": own}
        if self.token is not None:
            return {"vault": {**own, "auth": {"tokenSecretRef": self.token.as_fields()}}}
        account = self.service_account
        login = {
            "mountPath": self.mount_path,
            "role": self.role,
            **({"serviceAccountRef": account.as_fields()} if account else {}),
        }
        return {"vault": {**own, "auth": {"kubernetes": login}}}


@dataclass(frozen=True, kw_only=True)
class AWSProvider(Typed):
    """AWS Secrets Manager or Parameter Store.

    Attributes:
        region: such as `eu-central-1`.
        service: by default `SecretsManager`.
        role: an IAM role's ARN that is assumed; by default none.
        access_key_id: in a Secret; by default the operator's own identity is used.
        secret_access_key: in a Secret; with `access_key_id`.
        service_account: whose identity at AWS is used, in place of keys; by default none.

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
    service_account: ServiceAccountSelector | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.region:
            raise self.refusal("region is required")
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise self.refusal("give access_key_id and secret_access_key together")
        if self.access_key_id and self.service_account:
            raise self.refusal("give one of access_key_id and service_account")

    @property
    def selectors(self) -> list[Selector]:
        """What it refers to in a namespace."""
        given = (self.access_key_id, self.secret_access_key, self.service_account)
        return [each for each in given if each]

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        keys = ("accessKeyIDSecretRef", "secretAccessKeySecretRef")
        given = self.as_fields()
        own = {k: value for k, value in given.items() if k not in (*keys, "serviceAccount")}
        login: dict[str, Any] = {}
        if self.access_key_id:
            login["secretRef"] = {key: given[key] for key in keys}
        if self.service_account:
            login["jwt"] = {"serviceAccountRef": given["serviceAccount"]}
        return {"aws": {**own, **({"auth": login} if login else {})}}


@dataclass(frozen=True, kw_only=True)
class KubernetesProvider(Typed):
    """Secrets of another namespace, or of another cluster.

    Attributes:
        remote_namespace: where they are.
        service_account: the account of this cluster that reads them.
        token: a token in a Secret, as another cluster wants one; in place of `service_account`.
        server: the URL of another cluster; by default this one.
        ca_config_map: the ConfigMap with its authority, under `ca.crt`; by default
            `kube-root-ca.crt`, which every namespace has for its own cluster.
        namespace: of the account and the ConfigMap; by default the store's, and a
            `ClusterSecretStore` has to say it.

    """

    remote_namespace: str
    service_account: str = ""
    token: SecretKeySelector | None = None
    server: str = ""
    ca_config_map: str = "kube-root-ca.crt"
    namespace: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        fields.dns_label("KubernetesProvider: remote_namespace", self.remote_namespace)
        if bool(self.service_account) == (self.token is not None):
            raise self.refusal("give one of service_account and token")
        if self.service_account:
            fields.dns_subdomain("KubernetesProvider: service_account", self.service_account)

    @property
    def selectors(self) -> list[Selector]:
        """What it refers to in a namespace."""
        authority = SecretKeySelector(
            name=self.ca_config_map, key="ca.crt", namespace=self.namespace
        )
        return [self.token, authority] if self.token else [authority]

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        place = {"namespace": self.namespace} if self.namespace else {}
        authority = {"type": "ConfigMap", "name": self.ca_config_map, "key": "ca.crt", **place}
        login: dict[str, Any] = {"serviceAccount": {"name": self.service_account, **place}}
        if self.token:
            login = {"token": {"bearerToken": self.token.as_fields()}}
        server: dict[str, Any] = {"caProvider": authority}
        if self.server:
            server["url"] = self.server
        return {
            "kubernetes": {
                "remoteNamespace": self.remote_namespace,
                "server": server,
                "auth": login,
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

    @property
    def selectors(self) -> list[Selector]:
        """None: what the settings refer to is the operator's to check."""
        return []

    def as_provider(self) -> dict[str, Any]:
        """Return it as `spec.provider` has it."""
        return {self.name: {**self.settings, **self.extra}}
