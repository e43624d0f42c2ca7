"""Tenants: what is theirs, as whom it is deployed, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from components import (
    Application,
    ApplicationArgs,
    Cluster,
    ClusterArgs,
    Environment,
    HelmRelease,
    HelmReleaseArgs,
    Namespace,
    NamespaceArgs,
    SluiceError,
    Tenant,
    TenantArgs,
    member,
)
from components.runtime.impersonation import IMPERSONATED, Impersonation, path_of, tenant_of

if TYPE_CHECKING:
    from conftest import Declare

WEB = ApplicationArgs(image="team/web:1.0", namespace="team-a")
CONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "other",
    "contexts": [
        {"name": name, "context": {"cluster": name, "user": name}} for name in ("dev", "other")
    ],
    "clusters": [
        {"name": name, "cluster": {"server": f"https://{name}"}} for name in ("dev", "other")
    ],
    "users": [{"name": name, "user": {"token": f"of-{name}"}} for name in ("dev", "other")],
}


class Teams(Environment):
    """A team with an application of its own, and one of the platform's."""

    arguments: TenantArgs = TenantArgs()

    @member
    def team(self) -> Tenant:
        return Tenant("team-a", self.arguments)

    @member
    def web(self) -> Application:
        return Application("web", WEB, self.team.on())

    @member
    def platform(self) -> Namespace:
        return Namespace("platform")


def test_a_tenant_is_a_namespace_with_an_account_and_a_closed_network(declare: Declare) -> None:
    registered = declare(lambda: Teams("dev"))
    made = {(each["kind"], each["metadata"]["name"]) for each in registered.objects()}
    assert made >= {
        ("Namespace", "team-a"),
        ("NetworkPolicy", "same-namespace"),
        ("ServiceAccount", "team-a"),
        ("RoleBinding", "team-a-admin"),
    }


def test_what_is_its_is_deployed_as_its_account_and_after_it(declare: Declare) -> None:
    wanted: list[str] = []
    token = IMPERSONATED.set(wanted.append)
    try:
        registered = declare(lambda: Teams("dev"))
    finally:
        IMPERSONATED.reset(token)

    assert wanted == ["team-a"]
    own = registered.one("kubernetes", "tenant:team-a")
    assert own["kubeconfig"] == ".sluice/tenants/dev/team-a.json"
    deployed_as = {r.name: r.request.provider.rpartition("::")[0] for r in registered}
    assert deployed_as["web:team-a/web"].endswith("::tenant:team-a")
    assert not deployed_as["team-a:team-a"].endswith("::tenant:team-a")
    assert not deployed_as["platform:platform"].endswith("::tenant:team-a")
    after = registered.one("Tenant", "team-a").after
    assert after >= {"team-a:team-a", "team-a:team-a/team-a", "team-a:team-a/team-a-admin"}
    assert registered.one("Application", "web").parent == "team-a"


def test_its_namespace_and_role_are_its_arguments(declare: Declare) -> None:
    class Case(Teams):
        arguments = TenantArgs(namespace=NamespaceArgs(quota={"pods": 9}), role="edit")

    registered = declare(lambda: Case("dev"))
    assert registered.object("ResourceQuota")["spec"] == {"hard": {"pods": "9"}}
    assert registered.object("RoleBinding")["roleRef"]["name"] == "edit"
    assert "NetworkPolicy" not in {each["kind"] for each in registered.objects()}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda team: Application(
                "api", ApplicationArgs(image="team/api:1.0", namespace="platform"), team.on()
            ),
            (
                "Application 'api': Deployment platform/api is in the namespace 'platform', "
                "and its tenant has 'team-a' alone"
            ),
        ),
        (
            lambda team: Namespace("team-b", opts=team.on()),
            "Namespace 'team-b': Namespace team-b is in none, and its tenant has 'team-a' alone",
        ),
        (
            lambda team: HelmRelease(
                "redis", HelmReleaseArgs(chart="redis", namespace="platform"), team.on()
            ),
            "HelmRelease 'redis': namespace: is 'platform', and its tenant has 'team-a' alone",
        ),
        (
            lambda team: Tenant("team-b", opts=team.on()),
            (
                "Tenant 'team-b': is in Tenant 'team-a', and a tenant is on the stack's own "
                "cluster, in no other"
            ),
        ),
        (
            lambda _team: Tenant("team-b", opts=Cluster("west", ClusterArgs(context="west")).on()),
            (
                "Tenant 'team-b': is in Cluster 'west', and a tenant is on the stack's own "
                "cluster, in no other"
            ),
        ),
        (lambda _team: Tenant("Team"), "Tenant 'Team': name: 'Team' is not lower-case letters"),
    ],
)
def test_what_is_not_in_its_namespace_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, wrong: Callable[[Tenant], object], said: str
) -> None:
    class Case(Teams):
        @member
        def wrong(self) -> object:
            return wrong(self.team)

    error = refused(lambda: Case("dev"))
    assert error.startswith(f"{here}:")
    assert said in error


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a kubeconfig of two contexts."""
    (tmp_path / "kube.yaml").write_text(yaml.safe_dump(CONFIG))
    return tmp_path


def written(root: Path) -> Any:
    return json.loads((root / path_of("dev", "team-a")).read_text())


def test_the_kubeconfig_is_the_deployers_and_says_as_whom(root: Path) -> None:
    Impersonation(root, "dev", "dev", "kube.yaml")("team-a")

    assert written(root)["users"] == [
        {"name": "dev", "user": {"token": "of-dev", "as": "system:serviceaccount:team-a:team-a"}}
    ]
    assert written(root)["clusters"] == [{"name": "dev", "cluster": {"server": "https://dev"}}]
    assert (root / path_of("dev", "team-a")).stat().st_mode & 0o077 == 0
    assert tenant_of(path_of("dev", "team-a")) == "team-a"
    assert tenant_of("west.json") == ""


def test_a_kubeconfig_may_be_a_text(root: Path) -> None:
    Impersonation(root, "dev", "", yaml.safe_dump(CONFIG))("team-a")

    assert written(root)["users"][0]["name"] == "other"


def test_who_only_looks_acts_as_nobody_until_an_update_has(root: Path) -> None:
    looks = Impersonation(root, "dev", "dev", "kube.yaml", looks_only=True)
    looks("team-a")
    assert written(root)["users"] == [{"name": "dev", "user": {"token": "of-dev"}}]

    Impersonation(root, "dev", "dev", "kube.yaml")("team-a")
    looks("team-a")
    assert "as" in written(root)["users"][0]["user"]


@pytest.mark.parametrize(("context", "kubeconfig"), [("none", "kube.yaml"), ("dev", "absent.yaml")])
def test_a_kubeconfig_that_cannot_be_read_is_named(
    root: Path, context: str, kubeconfig: str
) -> None:
    with pytest.raises(SluiceError, match=f"context {context}: the kubeconfig cannot be read: "):
        Impersonation(root, "dev", context, kubeconfig)("team-a")
