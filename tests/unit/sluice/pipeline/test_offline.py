"""What two renderings differ in, object by object."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from components.errors import DeclarationError
from sluice.pipeline import offline
from sluice.pipeline.offline import compared
from sluice.pipeline.rendered import RenderedObject, RenderedStack
from sluice.stack.stack import Stack
from sluice.status.graph import Graph
from tests.unit.sluice.conftest import MakeRepository


def an_object(kind: str, name: str, release: str = "", **content: Any) -> RenderedObject:
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "web"}}
    component, owner = ("redis", "HelmRelease") if release else ("app", "Application")
    return RenderedObject(component, owner, release, {**manifest, **content})


def stack(*objects: RenderedObject, **more: Any) -> RenderedStack:
    usual: dict[str, Any] = {"charts": {}, "unknown": {}, "secrets": [], "sources": {}}
    return RenderedStack(objects=list(objects), graph=Graph((), ()), **{**usual, **more})


def rows(before: RenderedStack, after: RenderedStack) -> list[tuple[str, str, str]]:
    return [(each.operation, each.kind, each.name) for each in compared("dev", before, after)]


def test_what_comes_goes_and_changes_is_told_with_what_loses_data_first() -> None:
    before = stack(
        an_object("ConfigMap", "same"),
        an_object("ConfigMap", "changed", data={"a": "1"}),
        an_object("PersistentVolumeClaim", "data", spec={"storageClassName": "slow"}),
        an_object("Namespace", "old"),
    )
    after = stack(
        an_object("Secret", "new"),
        an_object("ConfigMap", "same"),
        an_object("ConfigMap", "changed", data={"a": "2"}),
        an_object("PersistentVolumeClaim", "data", spec={"storageClassName": "fast"}),
    )
    assert rows(before, after) == [
        ("delete", "Namespace", "old"),
        ("replace", "PersistentVolumeClaim", "data"),
        ("update", "ConfigMap", "changed"),
        ("create", "Secret", "new"),
    ]


def test_what_belongs_to_another_component_is_told_as_moved() -> None:
    before, after = (
        stack(RenderedObject(name, "Kustomization", "", each.content))
        for name in ("dashboards", "panels")
        for each in [an_object("PersistentVolumeClaim", "data")]
    )
    (moved,) = compared("dev", before, after)
    assert (moved.operation, moved.name) == ("move", "data")
    assert (moved.moved_from, moved.component) == ("kustomization/dashboards", "panels")


def test_the_objects_of_a_release_follow_it_and_its_chart_is_named() -> None:
    def of(version: str, replicas: int) -> RenderedStack:
        inner = an_object("Deployment", "redis", "web/redis", spec={"replicas": replicas})
        chart = f"./.sluice/charts/redis-{version}-0123456789ab.tgz"
        return stack(inner, charts={"web/redis": ("redis", chart)})

    release, inner = compared("dev", of("19.6.4", 1), of("20.0.0", 2))
    assert (release.kind, release.name, release.operation) == ("Release", "redis", "update")
    assert [(each.before, each.after) for each in release.versions] == [("19.6.4", "20.0.0")]
    assert [(each.path, each.before, each.after) for each in inner.fields] == [
        ("spec.replicas", 1, 2)
    ]


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_release_that_cannot_be_rendered_on_one_side_is_not_told_as_gone_or_new(
    side: str,
) -> None:
    known = stack(an_object("Deployment", "redis", "web/redis"))
    unknown = stack(unknown={"web/redis": "a reason"})
    pair = (unknown, known) if side == "before" else (known, unknown)
    assert rows(*pair) == []


def test_a_secret_of_either_side_is_masked_wherever_it_stands() -> None:
    sides = [
        stack(
            an_object("ConfigMap", "a", data={"url": f"db://{secret}@host"}),
            an_object("Secret", "b", data={"password": secret}),
            secrets=[secret],
        )
        for secret in ("0ld-s3cret", "n3w-s3cret")
    ]
    found = str(compared("dev", *sides))
    assert "s3cret" not in found
    assert found.count("*** (after)") == 2


def test_a_program_that_is_not_trusted_gets_nothing_of_the_job_s_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GITEA_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("KUBECONFIG", "/home/ci/.kube/config")
    given = offline._environment("/home/fork")
    assert "secret" not in given.values()
    assert given["KUBECONFIG"] == os.devnull
    assert given["HOME"] == "/home/fork"


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        (subprocess.CompletedProcess((), 2, b"", b"a warning\nstacks/dev.py:3: wrong\n"), "wrong"),
        (subprocess.CompletedProcess((), -9, b"", b""), "it was killed"),
        (subprocess.CompletedProcess((), 0, b"no JSON", b""), "is no rendering"),
        (subprocess.TimeoutExpired((), 300), "did not end within 300 s"),
    ],
)
def test_a_program_that_fails_hangs_or_prints_anything_is_refused(
    ended: Any, reason: str, repository: MakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any, **__: Any) -> Any:
        if isinstance(ended, Exception):
            raise ended
        return ended

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(DeclarationError, match=reason):
        offline._rendered(Stack(repository(dev=""), "dev"))
