from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components import (
    CosignVerification,
    CRDsPolicy,
    HelmRelease,
    HelmReleaseArgs,
    HelmRepository,
    ImageOverride,
    Namespace,
    OCIRepository,
    PostRenderer,
    ValuesReference,
)
from components.lib.locks.locked_chart import ChartRequest
from components.lib.registry.mirrors import Mirrors
from components.lib.signatures.verification import trusted
from components.runtime.answers import LOCKED, LockedArtifacts
from components.runtime.references import IN_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare, FakeLock, Registrations


TRUSTED = CosignVerification(key="pki/cosign.pub")


def release(declare: Declare, **arguments: Any) -> Registrations:
    arguments = {"chart": "./charts/redis", "namespace": "databases", **arguments}
    return declare(lambda: HelmRelease("redis", HelmReleaseArgs(**arguments)))


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a chart of its own and files of values."""
    chart = tmp_path / "charts" / "redis"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("name: redis\nversion: 1.10.0\n")
    (tmp_path / "base.yaml").write_text("replicas: 1\nimage: {tag: 7.0, pull: Always}\n")
    (tmp_path / "prod.yaml").write_text("image: {tag: '7.2'}\nargs: [a]\n")
    (tmp_path / "words.yaml").write_text("persistence: off\ndebug: yes\n")
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_release_is_atomic_waits_five_minutes_and_is_named_as_it_is(
    declare: Declare, charts: FakeLock
) -> None:
    def program() -> None:
        source = HelmRepository("bitnami", "https://charts.bitnami.com/bitnami")
        arguments = HelmReleaseArgs(
            chart="redis", repository=source, version="12.x", namespace=Namespace("databases")
        )
        HelmRelease("redis", arguments)

    registered = declare(program)
    made = registered.one("Release")
    assert made.inputs == {
        "name": "redis",
        "namespace": "databases",
        "chart": "./charts/redis.tgz",
        "version": "12.1.9",
        "values": {},
        "timeout": 300,
        "atomic": True,
        "cleanupOnFail": True,
        "createNamespace": False,
        "skipCrds": False,
        "waitForJobs": True,
        "maxHistory": 5,
        "compat": "true",
        "resetValues": True,
    }
    assert made.parent == "redis"
    assert list(made.request.additionalSecretOutputs) == ["manifest"]
    assert charts.requests == [
        ChartRequest(
            name="redis", source="https://charts.bitnami.com/bitnami", chart="redis", range="12.x"
        )
    ]
    assert "databases:databases" in registered.one("HelmRelease").after
    assert registered.outputs["HelmRelease redis"] == {
        "chart": "redis",
        "version": "12.1.9",
        "repository": "helmrepository/bitnami",
    }


def test_a_chart_may_come_from_an_oci_registry(
    declare: Declare, charts: FakeLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "cosign.pub").write_text("a key")

    def program() -> None:
        source = OCIRepository("team", "oci://registry.example.org/charts", verify=TRUSTED)
        HelmRelease("web", HelmReleaseArgs(chart="web", repository=source, namespace="web"))

    declare(program)
    assert charts.requests == [
        ChartRequest(
            name="web",
            source="oci://registry.example.org/charts",
            chart="web",
            range="*",
            verify=trusted(TRUSTED, tmp_path),
        )
    ]


def test_a_chart_of_the_repository_needs_no_lock(declare: Declare, charts: FakeLock) -> None:
    made = release(declare).one("Release")
    assert made["chart"] == "./charts/redis"
    assert charts.requests == []


@pytest.mark.parametrize(
    ("argument", "value", "key", "given"),
    [
        ("release_name", "cache", "name", "cache"),
        ("timeout", "1h30m", "timeout", 5400),
        ("atomic", False, "cleanupOnFail", False),
        ("create_namespace", True, "createNamespace", True),
        ("crds", CRDsPolicy.SKIP, "skipCrds", True),
        ("disable_wait", True, "skipAwait", True),
        ("disable_wait", True, "waitForJobs", False),
        ("disable_hooks", True, "disableWebhooks", True),
        ("disable_hooks", True, "disableCRDHooks", True),
        ("disable_openapi_validation", True, "disableOpenapiValidation", True),
        ("force", True, "forceUpdate", True),
        ("max_history", 0, "maxHistory", 0),
        ("values", {"a": {"b": 1}}, "values", {"a": {"b": 1}}),
        ("values", {"a": [{"b": None}]}, "allowNullValues", True),
        ("values_files", ["words.yaml"], "values", {"persistence": False, "debug": True}),
        ("values", {"a": None}, "allowNullValues", True),
    ],
)
def test_an_option_reaches_helm(
    declare: Declare, argument: str, value: Any, key: str, given: Any
) -> None:
    assert release(declare, **{argument: value}).one("Release")[key] == given


def test_values_win_over_references_which_win_over_files_in_turn(declare: Declare) -> None:
    registered = declare(
        lambda: HelmRelease(
            "redis",
            HelmReleaseArgs(
                chart="./charts/redis",
                namespace="databases",
                values_files=["base.yaml", "empty.yaml", "prod.yaml"],
                values_from=[ValuesReference(kind="ConfigMap", name="shared")],
                values={"replicas": 3},
            ),
        ),
        reads={
            "databases/shared": {
                "data": {"values.yaml": "replicas: 2\nargs: [b]\nzone: eu\n"},
            }
        },
    )
    assert registered.one("Release")["values"] == {
        "image": {"tag": "7.2", "pull": "Always"},
        "args": ["b"],
        "zone": "eu",
        "replicas": 3,
    }


def test_what_comes_from_a_secret_stays_secret(declare: Declare) -> None:
    text = base64.b64encode(b"password: s3cret").decode()
    registered = declare(
        lambda: HelmRelease(
            "redis",
            HelmReleaseArgs(
                chart="./charts/redis",
                namespace="databases",
                values_from=[ValuesReference(kind="Secret", name="keys", key="more.yaml")],
            ),
        ),
        reads={"databases/keys": {"data": {"more.yaml": text}}},
    )
    values = registered.one("Release")["values"]
    assert values.value == {"password": "s3cret"}
    assert type(values).__name__ == "Secret"


def test_a_secret_value_stays_secret_and_the_others_are_seen(declare: Declare) -> None:
    values = {"auth": {"password": pulumi.Output.secret("s3cret"), "user": "admin"}}
    made = release(declare, values=values).one("Release")["values"]
    assert made["auth"]["user"] == "admin"
    assert made["auth"]["password"].value == "s3cret"


def test_a_reference_may_be_one_value_and_may_be_absent(declare: Declare) -> None:
    password = base64.b64encode(b"s3cret").decode()
    arguments = HelmReleaseArgs(
        chart="./charts/redis",
        namespace="databases",
        values_from=[
            ValuesReference(kind="ConfigMap", name="none", optional=True),
            ValuesReference(kind="ConfigMap", name="shared", key="none.yaml", optional=True),
            ValuesReference(kind="Secret", name="keys", key="p", target_path="auth.password"),
        ],
        values={"auth": {"user": "admin"}},
    )
    token = IN_CLUSTER.set(lambda reference: reference.name != "none")
    try:
        registered = declare(
            lambda: HelmRelease("redis", arguments),
            reads={"databases/shared": {"data": {}}, "databases/keys": {"data": {"p": password}}},
        )
    finally:
        IN_CLUSTER.reset(token)
    values = registered.one("Release")["values"].value
    assert values == {"auth": {"user": "admin", "password": "s3cret"}}


def test_a_charts_definitions_may_be_objects_that_come_first_and_stay(
    declare: Declare, repository: Path
) -> None:
    crds = repository / "charts" / "redis" / "crds"
    crds.mkdir()
    (crds / "queue.yaml").write_text(
        "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition,"
        " metadata: {name: queues.example.org}, spec: {group: example.org, scope: Namespaced,"
        " names: {kind: Queue, plural: queues}, versions: []}}"
    )
    registered = release(declare, crds=CRDsPolicy.CREATE_REPLACE)
    definition = registered.one("CustomResourceDefinition", "redis:queues.example.org")
    assert definition.request.retainOnDelete
    made = registered.one("Release")
    assert made["skipCrds"]
    assert "redis:queues.example.org" in made.after


def test_post_renderers_are_a_program_of_the_repository(declare: Declare, repository: Path) -> None:
    renderer = PostRenderer(images=[ImageOverride(name="web", new_tag="2")])
    program = release(declare, post_renderers=[renderer]).one("Release")["postrender"]
    assert (repository / program).is_file()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"crds": "Replace"}, "crds: 'Replace' is none of Create, Skip, CreateReplace"),
        ({"chart": "redis"}, "chart: 'redis' has no repository; give repository= or a path"),
        ({"chart": "./charts/none"}, "charts/none/Chart.yaml: No such file or directory"),
        ({"namespace": "data_bases"}, "namespace: 'data_bases' is not lower-case"),
        ({"release_name": "Redis"}, "release_name: 'Redis' is not lower-case"),
        ({"release_name": "r" * 54}, "is longer than Helm's 53"),
        ({"timeout": "5"}, "timeout: '5' is not a duration such as 90s"),
        ({"timeout": 300}, "timeout: 300 is not a duration"),
        ({"values_files": ["none.yaml"]}, "none.yaml: No such file or directory"),
        ({"values_files": ["list.yaml"]}, "list.yaml: values are a map"),
        ({"values_files": ["broken.yaml"]}, "broken.yaml: not YAML: line 2"),
        ({"values_files": "base.yaml"}, "values_files: 'base.yaml' is a text"),
        ({"values": ["a"]}, "values: want a map, got ['a']"),
    ],
)
def test_a_wrong_release_is_refused_where_it_is_declared(
    refused: Callable[..., str], arguments: dict[str, Any], problem: str
) -> None:
    arguments = {"chart": "./charts/redis", "namespace": "databases", **arguments}
    error = refused(lambda: HelmRelease("redis", HelmReleaseArgs(**arguments)))
    assert re.match(rf"{re.escape(__file__)}:\d+: HelmRelease 'redis': ", error)
    assert problem in error


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"version": "twelve"}, "'twelve' is not a version range"),
        ({"chart": "../redis"}, "'../redis' is not a chart's name"),
        ({}, "The chart of 'redis' is not locked; run `sluice lock dev`."),
    ],
)
def test_a_chart_that_cannot_be_had_is_refused_where_it_is_declared(
    refused: Callable[..., str], tmp_path: Path, changed: dict[str, str], problem: str
) -> None:
    def program() -> None:
        source = HelmRepository("charts", "https://charts.example.org")
        arguments: dict[str, Any] = {"chart": "redis", "version": "12.x", **changed}
        HelmRelease("redis", HelmReleaseArgs(repository=source, namespace="a", **arguments))

    token = LOCKED.set(LockedArtifacts.of(tmp_path, "dev", Mirrors({})))
    try:
        error = refused(program)
    finally:
        LOCKED.reset(token)
    assert re.match(rf"{re.escape(__file__)}:\d+: HelmRelease 'redis': ", error)
    assert problem in error


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        ("ConfigMap", {}, "ConfigMap databases/shared, key values.yaml: not there"),
        ("ConfigMap", {"values.yaml": "a: ["}, "key values.yaml: not YAML"),
        ("ConfigMap", {"values.yaml": "- a"}, "key values.yaml: values are a map"),
        ("Secret", {"values.yaml": "%%%"}, "key values.yaml: not base64"),
    ],
)
def test_referenced_values_that_are_none_are_an_error_that_names_the_object(
    declare: Declare, kind: Any, data: dict[str, str], problem: str
) -> None:
    registered = declare(
        lambda: HelmRelease(
            "redis",
            HelmReleaseArgs(
                chart="./charts/redis",
                namespace="databases",
                values_from=[ValuesReference(kind=kind, name="shared")],
            ),
        ),
        reads={"databases/shared": {"data": data}},
    )
    assert problem in str(registered.error)
