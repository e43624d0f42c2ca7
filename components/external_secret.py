"""`ExternalSecret`: a Secret whose values the External Secrets Operator fetches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.custom_resource import CustomResource
from components.errors import DeclarationError
from components.manifests import fields
from components.namespace import Namespace, name_of
from components.secret_store import ClusterSecretStore, SecretStore
from components.typed import Typed

__all__ = ["ExternalSecret", "ExternalSecretArgs", "RemoteKey"]


@dataclass(frozen=True, kw_only=True)
class RemoteKey(Typed):
    """A value where the store keeps it.

    Attributes:
        key: the secret's name or path there.
        property: one field of it; by default the whole.
        version: by default the newest.

    """

    key: str
    property: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class ExternalSecretArgs:
    """Arguments of `ExternalSecret`; `data`, `data_from` or both.

    Attributes:
        namespace: where the Secret is made; a `Namespace` is waited for.
        store: the `SecretStore` or `ClusterSecretStore`; its kind and name, for one of others.
        data: keys of the Secret, each with where its value is.
        data_from: secrets all of whose fields become keys.
        refresh_interval: how often it is fetched; by default `1h`.
        target: the Secret's name; by default the component's.
        creation_policy: by default `Owner`: the Secret goes with this object.
        extra: fields of `spec` that a newer operator has.
        timeout: how long until it was fetched; by default `5m`.
        wait: whether an update waits until the operator says `Ready`; by default yes.

    """

    namespace: str | Namespace
    store: SecretStore | ClusterSecretStore | tuple[str, str]
    data: Mapping[str, RemoteKey] = field(default_factory=dict)
    data_from: Sequence[RemoteKey] = ()
    refresh_interval: str = "1h"
    target: str = ""
    creation_policy: Literal["Owner", "Orphan", "Merge", "None"] = "Owner"
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: str = "5m"
    wait: bool = True


class ExternalSecret(CustomResource):
    """A Secret made in the cluster from what Vault, AWS or another store has.

    Neither Git nor Pulumi's state has the values. Answers to the guide's third option for secrets.
    """

    api_version = "external-secrets.io/v1"
    kind = "ExternalSecret"
    wait_for = "condition=Ready"

    def __init__(
        self, name: str, args: ExternalSecretArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the object `name`."""
        super().__init__("secrets:ExternalSecret", name, opts, needs=(args.namespace, args.store))
        self.args = args
        self.declare(name_of(args.namespace), args.extra, args.timeout, wait=args.wait)

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`."""
        args = self.args
        if not args.data and not args.data_from:
            raise DeclarationError("data: nothing is fetched; give data or data_from")
        fields.duration("refresh_interval", args.refresh_interval)
        store = args.store
        kind, name = store if isinstance(store, tuple) else (store.kind, store.name)
        if kind not in ("SecretStore", "ClusterSecretStore"):
            raise DeclarationError(f"store: {kind!r} is neither SecretStore nor ClusterSecretStore")
        return {
            "refreshInterval": args.refresh_interval,
            "secretStoreRef": {"kind": kind, "name": name},
            "target": {
                "name": args.target or self.name,
                "creationPolicy": args.creation_policy,
            },
            "data": [
                {"secretKey": key, "remoteRef": remote.as_fields()}
                for key, remote in args.data.items()
            ],
            "dataFrom": [{"extract": remote.as_fields()} for remote in args.data_from],
        }
