"""`ExternalSecret`: a Secret whose values the External Secrets Operator fetches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.base.custom_resource import CustomResource
from components.base.typed import Typed, is_set
from components.core.namespace import Namespace, name_of
from components.errors import DeclarationError
from components.lib.manifests import fields
from components.secrets.secret_store import ClusterSecretStore, SecretStore

__all__ = ["ExternalSecret", "ExternalSecretArgs", "RemoteKey", "RemoteSearch"]

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@dataclass(frozen=True, kw_only=True)
class RemoteKey(Typed):
    """A value where the store keeps it.

    Attributes:
        key: the secret's name or path there.
        property: one field of it; by default the whole.
        version: by default the newest.
        metadata_policy: `Fetch` takes the secret's tags in place of its value; by default `None`.
        conversion_strategy: how names that no Secret can have are written; by default `Default`.
        decoding_strategy: how the value is decoded; by default it is not.

    """

    key: str
    property: str = ""
    version: str = ""
    metadata_policy: Literal["None", "Fetch"] | None = None
    conversion_strategy: Literal["Default", "Unicode"] | None = None
    decoding_strategy: Literal["Auto", "Base64", "Base64URL", "None"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.key:
            raise self.refusal("key is required")


@dataclass(frozen=True, kw_only=True)
class RemoteSearch(Typed):
    """All values whose name or tags match.

    Attributes:
        name: a regular expression; by default any name.
        tags: by default any.
        path: where the search begins; by default the store's root.
        conversion_strategy: how names that no Secret can have are written; by default `Default`.
        decoding_strategy: how the values are decoded; by default they are not.

    """

    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    conversion_strategy: Literal["Default", "Unicode"] | None = None
    decoding_strategy: Literal["Auto", "Base64", "Base64URL", "None"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name and not self.tags:
            raise self.refusal("give name, tags or both")

    def as_fields(self) -> dict[str, Any]:
        """Return it as `find` has it."""
        given = super().as_fields()
        return {**given, "name": {"regexp": self.name}} if self.name else given


@dataclass(frozen=True, kw_only=True)
class ExternalSecretArgs:
    """Arguments of `ExternalSecret`; `data`, `data_from` or both.

    Attributes:
        namespace: where the Secret is made; a `Namespace` is waited for.
        store: the `SecretStore` or `ClusterSecretStore`; its kind and name, for one of others.
        data: keys of the Secret, each with where its value is.
        data_from: secrets all of whose fields become keys, searches, or entries as the operator
            has them (`rewrite`, `sourceRef`).
        refresh_interval: how often it is fetched; by default `1h`. `0s` is once.
        refresh_policy: by default `Periodic`.
        target: the Secret's name; by default the component's.
        creation_policy: by default `Owner`: the Secret goes with this object.
        deletion_policy: what becomes of the Secret once the store has none of it; by default
            `Retain`: it stays.
        template: what the Secret looks like, as the operator has it: `{"type": …, "data": …}`;
            by default Opaque, with the values.
        immutable: whether the Secret cannot be changed; by default it can.
        extra: fields of `spec` that a newer operator has.
        timeout: how long until it was fetched; by default `5m`.
        wait: whether an update waits until the operator says `Ready`; by default yes.

    """

    namespace: str | Namespace
    store: SecretStore | ClusterSecretStore | tuple[str, str]
    data: Mapping[str, RemoteKey] = field(default_factory=dict)
    data_from: Sequence[RemoteKey | RemoteSearch | Mapping[str, Any]] = ()
    refresh_interval: str = "1h"
    refresh_policy: Literal["CreatedOnce", "Periodic", "OnChange"] | None = None
    target: str = ""
    creation_policy: Literal["Owner", "Orphan", "Merge", "None"] = "Owner"
    deletion_policy: Literal["Delete", "Merge", "Retain"] | None = None
    template: Mapping[str, Any] = field(default_factory=dict)
    immutable: bool = False
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
        for key in args.data:
            if not _KEY.fullmatch(key):
                raise DeclarationError(f"data: {key!r} is no key that a Secret can have")
        fields.duration("refresh_interval", args.refresh_interval)
        store = args.store
        kind, name = store if isinstance(store, tuple) else (store.kind, store.name)
        if kind not in ("SecretStore", "ClusterSecretStore"):
            raise DeclarationError(f"store: {kind!r} is neither SecretStore nor ClusterSecretStore")
        target = {
            "name": args.target or self.name,
            "creationPolicy": args.creation_policy,
            "deletionPolicy": args.deletion_policy,
            "template": args.template,
            "immutable": args.immutable or None,
        }
        return {
            "refreshInterval": args.refresh_interval,
            "refreshPolicy": args.refresh_policy,
            "secretStoreRef": {"kind": kind, "name": name},
            "target": {name: value for name, value in target.items() if is_set(value)},
            "data": [
                {"secretKey": key, "remoteRef": remote.as_fields()}
                for key, remote in args.data.items()
            ],
            "dataFrom": [_source(each) for each in args.data_from],
        }


def _source(given: RemoteKey | RemoteSearch | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(given, RemoteKey):
        return {"extract": given.as_fields()}
    return {"find": given.as_fields()} if isinstance(given, RemoteSearch) else given
