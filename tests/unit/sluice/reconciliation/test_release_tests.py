"""Which tests of a release are due, and what is said of one that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components import HelmTest, HelmTestFilter
from components.errors import DeclarationError
from sluice.backend.state import Resource
from sluice.errors import DeploymentError
from sluice.kubernetes.cluster import Cluster
from sluice.reconciliation import release_tests as module
from sluice.reconciliation.release_tests import ReleaseTest, release_tests, run_tests
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

TEST = ReleaseTest("web", "shop", "web", 60)


def resource(name: str, test: HelmTest | None) -> Resource:
    declared = {"test": test.declaration("shop", "web")} if test else {}
    return Resource(
        urn=f"urn:pulumi:dev::infrastructure::sluice:helm:HelmRelease::{name}",
        type="sluice:helm:HelmRelease",
        name=name,
        parent="",
        outputs={"chart": "web", **declared},
    )


def test_what_is_declared_is_what_the_state_gives(caplog: pytest.LogCaptureFixture) -> None:
    filters = (HelmTestFilter(name="web-test"), HelmTestFilter(name="slow", exclude=True))
    asked = HelmTest(timeout="90s", ignore_failures=True, filters=filters)
    old = resource("old", asked)
    del old.outputs["test"]["tenant"]
    found = release_tests(
        [resource("web", asked), resource("db", None), resource("web@west", asked), old], "dev"
    )
    assert found == [ReleaseTest("web", "shop", "web", 90, True, ["name=web-test", "!name=slow"])]
    assert "the cluster west is not looked at" in caplog.text
    with pytest.raises(DeclarationError, match=r"^test\.timeout: 'soon' "):
        HelmTest(timeout="soon").declaration("shop", "web")


@pytest.mark.parametrize(
    ("phases", "filters", "due"),
    [
        ({}, [], False),
        ({"a": "Succeeded"}, [], False),
        ({"a": "Succeeded", "b": ""}, [], True),
        ({"a": "Failed"}, [], True),
        ({"a": "Succeeded", "b": ""}, ["name=a"], False),
        ({"a": "Succeeded", "b": ""}, ["!name=b"], False),
        ({"a": "Succeeded", "b": ""}, ["name=b"], True),
    ],
)
def test_a_test_is_due_until_it_has_succeeded_for_the_revision(
    monkeypatch: pytest.MonkeyPatch, phases: Mapping[str, str], filters: list[str], due: bool
) -> None:
    record: Any = SimpleNamespace(tests=phases)
    monkeypatch.setattr(module, "newest_record", lambda *_: record)
    asked = ReleaseTest("web", "shop", "web", 60, filters=filters)
    assert asked.is_due(None) is due  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "reason", "tenant"),
    [
        ("Error: 1 error occurred:\n\t* pod web-test failed\n\n", "pod web-test failed", ""),
        ("Error: timed out waiting for the condition\n", "timed out waiting for the condition", ""),
        ("", "Helm says nothing", "shop"),
    ],
)
def test_each_failed_test_is_named_with_helms_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, reason: str, tenant: str
) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], _what: str, **_: Any) -> tuple[int, str, str]:
        calls.append(command)
        return 1, "", said

    monkeypatch.setattr(module, "run_program", run)
    monkeypatch.setattr(module, "program", lambda: Path("helm"))
    monkeypatch.setattr(ReleaseTest, "is_due", lambda *_: True)
    told: list[str] = []
    test = replace(TEST, tenant=tenant)
    stack = Stack(Repository(tmp_path), "dev")
    with pytest.raises(DeploymentError) as failure:
        run_tests(stack, Cluster("dev-cluster"), [test], lambda x: told.append(x.urn))
    assert str(failure.value) == f"test of HelmRelease web failed after 0 s: {reason}"
    assert calls[0][1:] == [
        *("test", "web", "--namespace=shop", "--timeout=60s", "--kube-context=dev-cluster"),
        *(["--kube-as-user=system:serviceaccount:shop:shop"] if tenant else []),
    ]
    assert set(told) == {"test of HelmRelease web"}
