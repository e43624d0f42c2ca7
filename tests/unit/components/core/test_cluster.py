from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from components import Application, ApplicationArgs, Cluster, ClusterArgs, Environment, member

if TYPE_CHECKING:
    from conftest import Declare

ARGS = ApplicationArgs(image="shop/web:1.0")


class Shop(Environment):
    """An application on the stack's own cluster and on two others, one of them with more of it."""

    @member
    def east(self) -> Cluster:
        return Cluster("east", ClusterArgs(context="east-context"))

    @member
    def west(self) -> Cluster:
        return Cluster("west", ClusterArgs(kubeconfig="west.yaml"))

    @member
    def web(self) -> list[Application]:
        return [
            Application("web", ARGS),
            Application("web", ARGS, self.east.on()),
            Application("web", replace(ARGS, replicas=3), self.west.on()),
        ]


def test_an_application_is_on_each_cluster_with_the_same_names_and_its_own_values(
    declare: Declare,
) -> None:
    registered = declare(lambda: Shop("dev"))
    assert registered.error is None
    made = {r.name: r for r in registered if r.kind == "Deployment"}
    assert made.keys() == {"web:web/web", "web@east:web/web", "web@west:web/web"}
    assert {r["metadata"]["name"] for r in made.values()} == {"web"}
    assert {name: r["spec"]["replicas"] for name, r in made.items()} == {
        "web:web/web": 1,
        "web@east:web/web": 1,
        "web@west:web/web": 3,
    }
    providers = {name: r.request.provider.rpartition("::")[0] for name, r in made.items()}
    assert providers["web@east:web/web"].endswith("::east")
    assert providers["web@west:web/web"].endswith("::west")
    namespaces = {r.name for r in registered if r.type.endswith("core/v1:Namespace")}
    assert namespaces == {"web:web", "web@east:web", "web@west:web"}


def test_a_provider_has_the_clusters_context_or_kubeconfig(declare: Declare) -> None:
    registered = declare(lambda: Shop("dev"))
    providers = {r.name: r.inputs for r in registered if r.type == "pulumi:providers:kubernetes"}
    assert providers["east"]["context"] == "east-context"
    assert "kubeconfig" not in providers["east"]
    assert providers["west"]["kubeconfig"] == "west.yaml"
    assert providers["west"]["enableServerSideApply"] == "true"


def test_a_kubeconfig_of_the_configuration_stays_secret(declare: Declare) -> None:
    registered = declare(
        lambda: Cluster("west", ClusterArgs(secret="west")),  # noqa: S106 - a key's name
        config={"infrastructure:west": "s3cret"},
    )
    given = registered.one("kubernetes", "west")["kubeconfig"]
    assert type(given).__name__ == "Secret"
    assert given.value == "s3cret"


def test_the_same_object_twice_on_one_cluster_is_refused(refused: Callable[..., str]) -> None:
    class Twice(Environment):
        @member
        def west(self) -> Cluster:
            return Cluster("west", ClusterArgs(context="west"))

        @member
        def web(self) -> list[Application]:
            return [
                Application("web", ARGS, self.west.on()),
                Application("other", replace(ARGS, namespace="web"), self.west.on()),
                Application("web", ARGS, self.west.on()),
            ]

    assert "Namespace web is declared twice" in refused(lambda: Twice("dev"))


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("west", {}, "give context, kubeconfig or secret"),
        ("west", {"kubeconfig": "a", "secret": "b"}, "give either kubeconfig or secret"),
        ("west.eu", {"context": "a"}, "name: 'west.eu' is not lower-case"),
        ("west", {"secret": "none"}, "infrastructure:none is not set"),
    ],
)
def test_a_wrong_cluster_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, name: str, arguments: dict[str, Any], problem: str
) -> None:
    error = refused(lambda: Cluster(name, ClusterArgs(**arguments)))
    assert error.startswith(f"{here}:")
    assert f"Cluster {name!r}: " in error
    assert problem in error
