"""`Namespace`: a namespace with its labels, limits, isolation and access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import pulumi

from components.base.component import Component
from components.base.ignore import Ignore
from components.errors import DeclarationError
from components.lib.manifests import fields

__all__ = ["Namespace", "NamespaceArgs", "NetworkIsolation", "PodSecurity", "name_of"]

_RBAC: Final = "rbac.authorization.k8s.io"
_DNS: Final = {
    "to": [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


class PodSecurity(StrEnum):
    """The Pod Security Standard that the namespace enforces and warns about."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


class NetworkIsolation(StrEnum):
    """Which traffic the namespace's default network policy lets through.

    `none`: there is no policy. `same-namespace`: in from its own pods, out to
    all. `deny-ingress`: nothing in, out to all. `isolated`: in from and out to
    its own pods, and out to the cluster's DNS.
    """

    NONE = "none"
    SAME_NAMESPACE = "same-namespace"
    DENY_INGRESS = "deny-ingress"
    ISOLATED = "isolated"


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """Arguments of `Namespace`, each optional.

    Attributes:
        labels: labels of the namespace.
        annotations: annotations of the namespace.
        pod_security: the standard that is enforced; by default `baseline`.
        quota: hard limits of a ResourceQuota: `{"requests.cpu": "4", "pods": "50"}`.
        default_requests: what a container requests that does not say: `{"cpu": "50m"}`.
        default_limits: what a container is limited to that does not say.
        network: the default policy; by default none is made.
        network_from: the namespaces that the policy lets in beside, such as `ingress-nginx`.
        roles: who may do what: cluster role name to groups, such as `{"edit": ["team-a"]}`.
        accounts: its ServiceAccounts, each with the cluster role that it has here:
            `{"deployer": "edit"}`.
        timeout: how long each object may take, its deletion too; by default `5m`.
        ignore: fields of its objects that are left to others; by default none.

    """

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    pod_security: PodSecurity = PodSecurity.BASELINE
    quota: Mapping[str, str | int] = field(default_factory=dict)
    default_requests: Mapping[str, str] = field(default_factory=dict)
    default_limits: Mapping[str, str] = field(default_factory=dict)
    network: NetworkIsolation = NetworkIsolation.NONE
    network_from: Sequence[str] = ()
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    timeout: str = "5m"
    ignore: Sequence[Ignore] = ()


class Namespace(Component):
    """A namespace and, where asked for, its quota, limits, network policy and role bindings.

    Answers to the `namespace.yaml` of a Flux repository and a tenant's set-up.
    Others are put into it by passing it as their `namespace`, and then wait for it.

    Attributes:
        made: all of its objects.

    """

    def __init__(
        self,
        name: str,
        args: NamespaceArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace `name`."""
        super().__init__("core:Namespace", name, opts, ignore=args.ignore if args else ())
        self.args = args or NamespaceArgs()
        try:
            self._check()
        except DeclarationError as error:
            raise self.refusal(error) from None
        self._namespace = self.make(self._namespace_manifest(), self._options())
        self.made: list[pulumi.Resource] = [self._namespace]
        self._make_quota()
        self._make_limits()
        self._make_network_policy()
        self._make_role_bindings()
        self._make_accounts()
        self.register_outputs({"name": name})

    def _options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            depends_on=after,
            custom_timeouts=pulumi.CustomTimeouts(
                create=self._timeout, update=self._timeout, delete=self._timeout
            ),
        )

    def _check(self) -> None:
        self._timeout = f"{fields.duration('timeout', self.args.timeout)}s"
        fields.dns_label("name", self.name)
        fields.choice("pod_security", self.args.pod_security, PodSecurity)
        fields.choice("network", self.args.network, NetworkIsolation)
        if self.args.network_from and self.args.network == NetworkIsolation.NONE:
            raise DeclarationError("network_from: there is no policy to let them in; give network")
        for namespace in self.args.network_from:
            fields.dns_label("network_from", namespace)
        for account, role in self.args.accounts.items():
            fields.dns_subdomain("accounts", account)
            fields.dns_subdomain(f"accounts[{account!r}]", role)
        for group in ("quota", "default_requests", "default_limits"):
            for resource, amount in getattr(self.args, group).items():
                fields.quantity(f"{group}[{resource!r}]", amount)

    def _namespace_manifest(self) -> dict[str, Any]:
        standard = PodSecurity(self.args.pod_security)
        labels = {
            "pod-security.kubernetes.io/enforce": str(standard),
            "pod-security.kubernetes.io/warn": str(standard),
            **self.args.labels,
        }
        metadata: dict[str, Any] = {"name": self.name, "labels": labels}
        if self.args.annotations:
            metadata["annotations"] = dict(self.args.annotations)
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}

    def _make_quota(self) -> None:
        if self.args.quota:
            hard = {resource: str(amount) for resource, amount in self.args.quota.items()}
            self._make_inside("v1", "ResourceQuota", self.name, spec={"hard": hard})

    def _make_limits(self) -> None:
        requests, limits = self.args.default_requests, self.args.default_limits
        if requests or limits:
            limit: dict[str, Any] = {"type": "Container"}
            if requests:
                limit["defaultRequest"] = dict(requests)
            if limits:
                limit["default"] = dict(limits)
            self._make_inside("v1", "LimitRange", self.name, spec={"limits": [limit]})

    def _make_network_policy(self) -> None:
        isolation = NetworkIsolation(self.args.network)
        if isolation is NetworkIsolation.NONE:
            return
        own: list[dict[str, Any]] = [{"podSelector": {}}]
        others = [_pods_of(each) for each in self.args.network_from]
        let_in = others if isolation is NetworkIsolation.DENY_INGRESS else [*own, *others]
        spec: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Ingress"]}
        if let_in:
            spec["ingress"] = [{"from": let_in}]
        if isolation is NetworkIsolation.ISOLATED:
            spec["policyTypes"] = ["Ingress", "Egress"]
            spec["egress"] = [{"to": own}, _DNS]
        self._make_inside("networking.k8s.io/v1", "NetworkPolicy", str(isolation), spec=spec)

    def _make_role_bindings(self) -> None:
        for role, members in self.args.roles.items():
            self._make_inside(
                f"{_RBAC}/v1",
                "RoleBinding",
                role,
                roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
                subjects=[{"apiGroup": _RBAC, "kind": "Group", "name": name} for name in members],
            )

    def _make_accounts(self) -> None:
        for account, role in self.args.accounts.items():
            self._make_inside("v1", "ServiceAccount", account)
            subject = {"kind": "ServiceAccount", "name": account, "namespace": self.name}
            self._make_inside(
                f"{_RBAC}/v1",
                "RoleBinding",
                f"{account}-{role}",
                roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
                subjects=[subject],
            )

    def _make_inside(self, api_version: str, kind: str, name: str, **body: Any) -> None:
        metadata = {"name": name, "namespace": self.name}
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}
        self.made.append(self.make(manifest, self._options(self._namespace)))


def _pods_of(namespace: str) -> dict[str, Any]:
    labels = {"kubernetes.io/metadata.name": namespace}
    return {"namespaceSelector": {"matchLabels": labels}}


def name_of(namespace: str | Namespace) -> str:
    """Return the name of a namespace given as a component or by name."""
    return namespace.name if isinstance(namespace, Namespace) else namespace
