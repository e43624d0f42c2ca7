from __future__ import annotations

import pytest

from sluice.backend.state import Resource
from sluice.diff.change import Change
from sluice.rollback.irrevocable import irrevocable

RELEASE_URN = "urn:pulumi:dev::p::kubernetes:helm.sh/v3:Release::redis"
RELEASE = Resource(
    urn=RELEASE_URN,
    type="kubernetes:helm.sh/v3:Release",
    name="redis",
    parent="",
    inputs={},
    outputs={
        "resourceNames": {
            "StatefulSet.apps/apps/v1": ["databases/redis-master"],
            "PersistentVolumeClaim/v1": ["databases/redis-data"],
            "Service/v1": ["databases/redis"],
        }
    },
    dependencies=(),
    external=False,
)


def told(operation: str, kind: str) -> list[str]:
    change = Change("urn", operation, "db", kind, "shop", "db")
    return irrevocable([change], [])


def release(operation: str) -> list[str]:
    change = Change(RELEASE_URN, operation, "redis", "Release", "", "redis")
    return irrevocable([change], [RELEASE])


@pytest.mark.parametrize(
    ("operation", "kind", "sentence"),
    [
        (
            "delete",
            "PersistentVolumeClaim",
            "PersistentVolumeClaim shop/db is deleted, and with it the data on its volume",
        ),
        (
            "replace",
            "PersistentVolumeClaim",
            "PersistentVolumeClaim shop/db is deleted, and with it the data on its volume",
        ),
        (
            "create",
            "PersistentVolumeClaim",
            (
                "PersistentVolumeClaim shop/db is made anew, "
                "without the data on its volume of an earlier one"
            ),
        ),
        (
            "update",
            "StatefulSet",
            (
                "StatefulSet shop/db keeps its data: "
                "an older version may not read what a newer one has written"
            ),
        ),
        ("delete", "Job", "Job shop/db: what it did is not undone"),
        ("replace", "Job", "Job shop/db: what it did is not undone, and it runs again"),
    ],
)
def test_what_holds_data_or_ran_is_told(operation: str, kind: str, sentence: str) -> None:
    assert told(operation, kind) == [sentence]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("update", "PersistentVolumeClaim"),
        ("update", "Namespace"),
        ("delete", "ConfigMap"),
        ("update", "Deployment"),
        ("create", "Service"),
    ],
)
def test_what_comes_back_is_not(operation: str, kind: str) -> None:
    assert told(operation, kind) == []


def test_an_object_without_a_namespace_is_named_alone() -> None:
    change = Change("urn", "delete", "shop", "Namespace", "", "shop")
    (sentence,) = irrevocable([change], [])
    assert sentence.startswith("Namespace shop is deleted, and with it everything in it")


def test_a_release_goes_with_its_volumes() -> None:
    volume, hooks = release("delete")
    assert volume == (
        "Helm release redis: PersistentVolumeClaim databases/redis-data is deleted, "
        "and with it the data on its volume"
    )
    assert hooks.endswith("its hooks run, and what they and earlier ones did is not undone")


def test_a_release_with_a_database_keeps_its_data() -> None:
    data, _hooks = release("update")
    assert data.startswith("Helm release redis keeps its data: an older version may not read")


def test_a_release_that_is_not_there_yet_has_hooks_alone() -> None:
    assert len(irrevocable([Change("urn", "create", "web", "Release", "", "web")], [])) == 1
