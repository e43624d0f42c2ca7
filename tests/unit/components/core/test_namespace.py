from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import yaml

from components import Namespace, NamespaceArgs, NetworkIsolation, PodSecurity

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare


def test_a_namespace_enforces_the_baseline_standard_and_nothing_else(declare: Declare) -> None:
    assert declare(lambda: Namespace("team-a")).objects() == [
        yaml.safe_load("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: team-a
              labels:
                pod-security.kubernetes.io/enforce: baseline
                pod-security.kubernetes.io/warn: baseline
        """)
    ]


def test_what_is_asked_for_is_made_inside_the_namespace(declare: Declare) -> None:
    arguments = NamespaceArgs(
        labels={"team": "a"},
        annotations={"owner": "team-a@example.org"},
        pod_security=PodSecurity.RESTRICTED,
        quota={"pods": 50, "requests.cpu": "20"},
        default_requests={"cpu": "50m"},
        default_limits={"memory": "512Mi"},
        network=NetworkIsolation.SAME_NAMESPACE,
        roles={"edit": ["team-a", "team-b"]},
    )
    expected = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: team-a
          annotations: {owner: team-a@example.org}
          labels:
            pod-security.kubernetes.io/enforce: restricted
            pod-security.kubernetes.io/warn: restricted
            team: a
        ---
        apiVersion: v1
        kind: ResourceQuota
        metadata: {name: team-a, namespace: team-a}
        spec: {hard: {pods: "50", requests.cpu: "20"}}
        ---
        apiVersion: v1
        kind: LimitRange
        metadata: {name: team-a, namespace: team-a}
        spec:
          limits:
          - type: Container
            defaultRequest: {cpu: 50m}
            default: {memory: 512Mi}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: same-namespace, namespace: team-a}
        spec:
          podSelector: {}
          policyTypes: [Ingress]
          ingress: [{from: [{podSelector: {}}]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: edit, namespace: team-a}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
        subjects:
        - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: team-a}
        - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: team-b}
    """
    registered = declare(lambda: Namespace("team-a", arguments))
    assert registered.objects() == list(yaml.safe_load_all(dedent(expected)))
    inside = [r for r in registered if r.parent == "team-a" and r.kind != "Namespace"]
    assert {frozenset({"team-a:team-a"}) <= r.after for r in inside} == {True}


def test_an_isolated_namespace_speaks_to_itself_the_dns_and_whom_it_lets_in(
    declare: Declare,
) -> None:
    arguments = NamespaceArgs(network=NetworkIsolation.ISOLATED, network_from=["ingress-nginx"])
    policy = declare(lambda: Namespace("a", arguments)).object("NetworkPolicy")
    expected = """
        podSelector: {}
        policyTypes: [Ingress, Egress]
        ingress:
        - from:
          - podSelector: {}
          - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}
        egress:
        - to: [{podSelector: {}}]
        - to:
          - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
    """
    assert policy["spec"] == yaml.safe_load(dedent(expected))


def test_an_account_of_the_namespace_has_a_role_there(declare: Declare) -> None:
    registered = declare(lambda: Namespace("a", NamespaceArgs(accounts={"deployer": "edit"})))
    assert registered.object("ServiceAccount")["metadata"] == {"name": "deployer", "namespace": "a"}
    binding = registered.object("RoleBinding")
    assert binding["metadata"] == {"name": "deployer-edit", "namespace": "a"}
    assert binding["roleRef"]["name"] == "edit"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "deployer", "namespace": "a"}]


def test_denied_ingress_lets_nothing_in(declare: Declare) -> None:
    arguments = NamespaceArgs(network=NetworkIsolation.DENY_INGRESS)
    policy = declare(lambda: Namespace("a", arguments)).object("NetworkPolicy")
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("Team_A", NamespaceArgs(), "name: 'Team_A' is not lower-case letters"),
        ("a.b", NamespaceArgs(), "name: 'a.b' is not lower-case letters, digits and '-'"),
        ("a" * 64, NamespaceArgs(), "at most 63 long"),
        ("a", NamespaceArgs(quota={"pods": "many"}), "quota['pods']: 'many' is not a quantity"),
        ("a", NamespaceArgs(quota={"pods": True}), "quota['pods']: True is not a quantity"),
        (
            "a",
            NamespaceArgs(default_requests={"cpu": "50M i"}),
            "default_requests['cpu']: '50M i' is not a quantity",
        ),
        (
            "a",
            NamespaceArgs(default_limits={"memory": "1GB"}),
            "default_limits['memory']: '1GB' is not a quantity",
        ),
        (
            "a",
            NamespaceArgs(labels={"team": 1}),  # type: ignore[dict-item]
            "metadata.labels.team: want string, got integer 1",
        ),
        (
            "a",
            NamespaceArgs(pod_security="strict"),  # type: ignore[arg-type]
            "pod_security: 'strict' is none of privileged, baseline, restricted",
        ),
        (
            "a",
            NamespaceArgs(network="closed"),  # type: ignore[arg-type]
            "network: 'closed' is none of none, same-namespace, deny-ingress, isolated",
        ),
        (
            "a",
            NamespaceArgs(network_from=["ingress-nginx"]),
            "network_from: there is no policy to let them in; give network",
        ),
        ("a", NamespaceArgs(accounts={"A": "edit"}), "accounts: 'A' is not lower-case letters"),
    ],
)
def test_a_wrong_namespace_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, name: str, arguments: NamespaceArgs, problem: str
) -> None:
    error = refused(lambda: Namespace(name, arguments))
    assert re.match(rf"{re.escape(here)}:\d+: ", error)
    assert name in error
    assert problem in error
