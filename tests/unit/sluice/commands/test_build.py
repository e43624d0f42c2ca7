"""What a stack renders to, without its Helm releases, for which the integration tests have Helm."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from components.runtime.answers import Unlocked
from sluice.commands.build import build
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "token", "namespace": "monitoring"},
    "stringData": {"token": "hunter2", "more": "hunter3"},
}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "viewer"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.kustomize.kustomization.build", lambda *_: [SECRET, ROLE])
    monkeypatch.setattr("sluice.commands.build.enter", lambda _: None)
    monkeypatch.setattr(Stack, "locked", lambda _: Unlocked())


def built(platform: Repository, *arguments: str) -> Result:
    return CliRunner().invoke(build, ["prod", *arguments], obj=platform)


def test_documents_come_in_kustomizes_order_with_sorted_keys_and_masked_secrets(
    platform: Repository,
) -> None:
    assert (
        built(platform, "dashboards").output
        == """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  annotations:
    pulumi.com/patchFieldManager: sluice
    pulumi.com/patchForce: 'true'
  name: viewer
rules:
- apiGroups:
  - ''
  resources:
  - pods
  verbs:
  - get
---
apiVersion: v1
kind: Secret
metadata:
  annotations:
    pulumi.com/patchFieldManager: sluice
    pulumi.com/patchForce: 'true'
  name: token
  namespace: monitoring
stringData:
  more: '***'
  token: '***'
"""
    )


def test_patches_of_the_environment_are_applied(platform: Repository) -> None:
    found = json.loads(built(platform, "ci-agents", "-o", "json").output)
    assert found["kind"] == "List"
    kinds = [each["kind"] for each in found["items"]]
    assert kinds[:2] == ["Namespace", "ResourceQuota"]
    (quota,) = (each for each in found["items"] if each["kind"] == "ResourceQuota")
    assert quota["spec"]["hard"] == {"pods": "200", "requests.cpu": "20"}


def test_a_component_that_is_none_is_refused(platform: Repository) -> None:
    refused = built(platform, "redi").exception
    assert isinstance(refused, RepositoryError)
    assert "stack prod has no component 'redi'; there are: databases," in str(refused)
