from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from components import (
    CommonMetadata,
    Condition,
    DataReference,
    Expression,
    HealthCheckExpr,
    HealthReference,
    ImageOverride,
    JSONPath,
    Kustomization,
    KustomizationArgs,
    Namespace,
)
from components.errors import DeclarationError
from components.kustomize.build import Overlay
from components.kustomize.substitution import substitute_leaves
from components.runtime.references import IN_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare, Registrations

MANIFESTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "queues.example.org"},
        "spec": {
            "group": "example.org",
            "names": {"kind": "Queue", "plural": "queues"},
            "scope": "Namespaced",
            "versions": [],
        },
    },
    {
        "apiVersion": "example.org/v1",
        "kind": "Queue",
        "metadata": {"name": "q", "namespace": "shop"},
    },
]


@pytest.fixture(autouse=True)
def builds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Overlay]]:
    """What kustomize is asked to render; it always gives `MANIFESTS`."""
    asked: list[tuple[Path, Overlay]] = []

    def build(folder: Path, overlay: Overlay) -> list[dict[str, Any]]:
        asked.append((folder, overlay))
        if folder == Path("none"):
            raise DeclarationError("path: none is not a directory")
        return MANIFESTS

    monkeypatch.setattr("components.kustomize.kustomization.build", build)
    return asked


def kustomization(declare: Declare, **arguments: Any) -> Registrations:
    return declare(lambda: Kustomization("shop", KustomizationArgs(path="manifests", **arguments)))


def test_definitions_and_namespaces_come_before_everything_else(declare: Declare) -> None:
    registered = kustomization(declare)
    first = {"shop:queues.example.org", "shop:shop"}
    assert registered.one("CustomResourceDefinition").after == set()
    assert registered.one("ConfigMap").after == first
    assert registered.one("Queue").after == first
    assert {r.parent for r in registered if r.type.startswith("kubernetes:")} == {"shop"}
    queues = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition::shop:queues.example.org"
    assert registered.outputs["Kustomization shop"] == {
        "objects": 4,
        "path": "manifests",
        "emptyValues": {queues: '{"/spec/versions": []}'},
    }


def test_the_overlay_is_what_the_arguments_say(
    declare: Declare, builds: list[tuple[Path, Overlay]]
) -> None:
    def program() -> None:
        arguments = KustomizationArgs(
            path="manifests",
            images=[ImageOverride(name="web", new_tag="2")],
            name_prefix="a-",
            name_suffix="-z",
            target_namespace=Namespace("shop-prod"),
            common_metadata=CommonMetadata(labels={"team": "shop"}),
            substitute={"zone": "eu"},
        )
        Kustomization("shop", arguments)

    registered = declare(program)
    expected = Overlay(
        images=[ImageOverride(name="web", new_tag="2")],
        name_prefix="a-",
        name_suffix="-z",
        namespace="shop-prod",
        substitute={"zone": "eu"},
    )
    assert builds == [(Path("manifests"), expected)]
    assert "shop-prod:shop-prod" in registered.one("Kustomization").after


def test_every_object_is_deleted_and_waited_for_unless_it_is_said_otherwise(
    declare: Declare,
) -> None:
    made = kustomization(declare, timeout="90s").one("ConfigMap")
    assert not made.request.retainOnDelete
    timeouts = made.request.customTimeouts
    assert {timeouts.create, timeouts.update, timeouts.delete} == {"90s"}
    assert "pulumi.com/skipAwait" not in made["metadata"]["annotations"]


def test_without_pruning_objects_stay_when_they_are_no_longer_declared(declare: Declare) -> None:
    registered = kustomization(declare, prune=False)
    objects = [r for r in registered if r.type.startswith("kubernetes:")]
    assert {r.request.retainOnDelete for r in objects} == {True}


def test_without_waiting_only_the_health_checks_are_waited_for(declare: Declare) -> None:
    checked = HealthReference(kind="ConfigMap", name="a", namespace="shop")
    registered = kustomization(declare, wait=False, health_checks=[checked])
    skipped = {
        r.kind
        for r in registered
        if r.inputs.get("metadata", {}).get("annotations", {}).get("pulumi.com/skipAwait")
    }
    assert skipped == {"CustomResourceDefinition", "Namespace", "Queue"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"path": "none"}, "path: none is not a directory"),
        ({"timeout": "soon"}, "timeout: 'soon' is not a duration"),
        ({"decryption": "pgp"}, "decryption: 'pgp' is none of sops"),
        ({"target_namespace": "Shop"}, "target_namespace: 'Shop' is not lower-case"),
        (
            {"depends_on": ["namespaces"]},
            "depends_on: 'namespaces' is no component; name a member",
        ),
        ({"components": "debug"}, "components: 'debug' is a text, want a list"),
        (
            {"health_checks": [HealthReference(kind="Deployment", name="web", namespace="shop")]},
            "health_checks: Deployment shop/web is not among the 4 objects of manifests",
        ),
    ],
)
def test_a_wrong_kustomization_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, arguments: dict[str, Any], problem: str
) -> None:
    arguments = {"path": "manifests", **arguments}
    error = refused(lambda: Kustomization("shop", KustomizationArgs(**arguments)))
    assert re.match(rf"{re.escape(here)}:\d+: Kustomization 'shop': ", error)
    assert problem in error


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "needs apiVersion as text, got None"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "needs metadata.name as text, got None"),
        (
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "sops": {}},
            "Secret a is encrypted; give decryption=DecryptionProvider.SOPS",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"n": 1}},
            "ConfigMap a: data.n: want string, got integer 1",
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "a"},
                "spec": {"container": []},
            },
            "Pod a: unknown field spec.container (did you mean containers?)",
        ),
    ],
)
def test_a_rendered_manifest_of_a_wrong_shape_is_refused(
    refused: Callable[..., str],
    here: str,
    monkeypatch: pytest.MonkeyPatch,
    manifest: dict[str, Any],
    problem: str,
) -> None:
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [manifest])
    error = refused(lambda: Kustomization("shop", KustomizationArgs(path="manifests")))
    assert re.match(rf"{re.escape(here)}:\d+: ", error)
    assert problem in error


def test_a_secret_of_the_directory_is_secret(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "data": {"key": "czNjcmV0"},
    }
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [secret])
    made = kustomization(declare).one("Secret")
    assert type(made["data"]["key"]).__name__ == "Secret"


def test_what_makes_a_kind_healthy_is_said_to_pulumi(declare: Declare) -> None:
    exprs = [
        HealthCheckExpr(api_version="example.org/v1", kind="Queue", current=Condition()),
        HealthCheckExpr(
            api_version="example.org/v1",
            kind="Queue",
            current=JSONPath(path="{.status.phase}", value="Up"),
        ),
    ]
    registered = kustomization(declare, health_check_exprs=exprs)
    found = registered.one("Queue")["metadata"]["annotations"]["pulumi.com/waitFor"]
    assert json.loads(found) == ["condition=Ready", "jsonpath={.status.phase}=Up"]
    assert "pulumi.com/waitFor" not in registered.one("ConfigMap")["metadata"]["annotations"]


def test_an_expression_in_cel_is_a_check_of_each_object_of_the_kind(declare: Declare) -> None:
    up = Expression(current="status.phase == 'Up'")
    exprs = [HealthCheckExpr(api_version="example.org/v1", kind="Queue", current=up)]
    registered = kustomization(declare, health_check_exprs=exprs, timeout="90s")
    assert registered.one("HealthCheck").name == "shop.queue.q.0"
    found = registered.outputs["HealthCheck shop.queue.q.0"]
    assert found["healthy"]["current"] == "status.phase == 'Up'"
    assert found["object"]["name"] == "q"
    assert found["timeoutSeconds"] == 90
    assert "pulumi.com/waitFor" not in registered.one("Queue")["metadata"]["annotations"]


def test_common_metadata_is_of_every_object_and_wins(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = {"name": "a", "labels": {"team": "red", "app": "web"}}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": web}
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [manifest])
    common = CommonMetadata(labels={"team": "blue"}, annotations={"owner": "ada"})
    made = kustomization(declare, common_metadata=common).object("ConfigMap")["metadata"]
    assert made["labels"] == {"team": "blue", "app": "web"}
    assert made["annotations"] == {"owner": "ada"}


def test_a_missing_component_is_passed_over_only_where_that_is_said(
    declare: Declare, builds: list[tuple[Path, Overlay]], tmp_path: Path
) -> None:
    (tmp_path / "debug").mkdir()
    for ignored in (False, True):
        arguments = KustomizationArgs(
            path=str(tmp_path), components=["debug", "none"], ignore_missing_components=ignored
        )
        declare(lambda arguments=arguments: Kustomization("shop", arguments))
    assert [overlay.components for _, overlay in builds] == [["debug", "none"], ["debug"]]


def test_what_it_depends_on_is_waited_for(declare: Declare) -> None:
    def program() -> None:
        first = Namespace("first")
        Kustomization("shop", KustomizationArgs(path="manifests", depends_on=[first]))

    assert "first:first" in declare(program).one("Kustomization").after


def later(*, optional: bool = False) -> dict[str, Any]:
    reference = DataReference(kind="ConfigMap", name="zones", namespace="shop", optional=optional)
    token = DataReference(kind="Secret", name="token", namespace="shop")
    return {"substitute": {"team": "blue"}, "substitute_from": [reference, token]}


@pytest.fixture
def substituting(monkeypatch: pytest.MonkeyPatch, builds: list[Any]) -> list[Any]:
    """A manifest whose leaves have variables; the overlay does with it what `build` does."""
    metadata = {"name": "a-${team}", "annotations": {"zone": "${zone:=none}"}}
    data = {"replicas": "${count}", "token": "x-${token}", "plain": "$${zone}"}
    manifest = {"apiVersion": "v1", "kind": "Queue", "metadata": metadata, "data": data}

    def build(_folder: Path, overlay: Overlay) -> list[dict[str, Any]]:
        assert overlay.later
        assert overlay.substitute is not None
        return [substitute_leaves(manifest, overlay.substitute, overlay.later)]

    monkeypatch.setattr("components.kustomize.kustomization.build", build)
    return builds


@pytest.mark.usefixtures("substituting")
def test_variables_of_the_cluster_are_typed_as_in_yaml_and_a_secrets_stay_secret(
    declare: Declare,
) -> None:
    arguments = KustomizationArgs(path="manifests", **later())
    registered = declare(
        lambda: Kustomization("shop", arguments),
        reads={
            "shop/zones": {"data": {"zone": "eu", "count": "3", "token": "wrong"}},
            "shop/token": {"data": {"token": base64.b64encode(b"s3cret").decode()}},
        },
    )
    made = registered.object("Queue")
    assert made["metadata"] == {"name": "a-blue", "annotations": {"zone": "eu"}}
    token = made["data"].pop("token")
    assert type(token).__name__ == "Secret"
    assert token.value == "x-s3cret"
    assert made["data"] == {"replicas": 3, "plain": "${zone}"}


@pytest.mark.usefixtures("substituting")
def test_an_optional_object_that_is_absent_gives_no_variables(declare: Declare) -> None:
    arguments = KustomizationArgs(path="manifests", **later(optional=True))
    secret = {"shop/token": {"data": {each: base64.b64encode(b"3").decode() for each in NEEDED}}}
    token = IN_CLUSTER.set(lambda reference: reference.name != "zones")
    try:
        made = declare(lambda: Kustomization("shop", arguments), reads=secret).object("Queue")
    finally:
        IN_CLUSTER.reset(token)
    assert made["metadata"]["annotations"] == {"zone": "none"}
    assert made["data"]["replicas"].value == 3


NEEDED = ("count", "token")


@pytest.mark.usefixtures("substituting")
def test_a_variable_that_the_cluster_has_not_either_is_refused(declare: Declare) -> None:
    arguments = KustomizationArgs(path="manifests", **later())
    data = {"shop/zones": {"data": {}}, "shop/token": {"data": {}}}
    registered = declare(lambda: Kustomization("shop", arguments), reads=data)
    assert "Kustomization 'shop': " in str(registered.error)
    assert "has no value; add" in str(registered.error)


def test_a_directory_without_kubectl_to_render_it_is_an_error(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    (tmp_path / "a.yaml").write_text(
        dedent("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a}
        """)
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refused(lambda: Kustomization("shop", KustomizationArgs(path=str(tmp_path))))
    assert "kubectl is not on PATH and renders kustomizations" in error
