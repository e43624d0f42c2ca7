from __future__ import annotations

from typing import Any

import pulumi
import pytest
import yaml

from components.errors import DeclarationError
from components.lib.manifests.schema import ANY, schema_of, validate

SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: a}"
RIGHT = [
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}, binaryData: null}",
    f"{SERVICE}, spec: {{ports: [{{port: 1, targetPort: http}}]}}}}",
    f"{SERVICE}, spec: {{ports: [{{port: 1, targetPort: 80}}]}}}}",
    "{apiVersion: v1, kind: ResourceQuota, metadata: {name: a}, spec: {hard: {pods: 5, cpu: 1m}}}",
    "{apiVersion: example.org/v1, kind: Queue, metadata: {name: a}, spec: {any: [thing, 1]}}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {}}, spec: null}",
]
WRONG = [
    ("{kind: ConfigMap, metadata: {name: a}}", "a manifest needs apiVersion as text, got None"),
    ("{apiVersion: v1, metadata: {name: a}}", "a manifest needs kind as text, got None"),
    ("{apiVersion: v1, kind: ConfigMap}", "a manifest needs metadata.name as text, got None"),
    ("{apiVersion: v1, kind: ConfigMap, metadata: {name: 1}}", "metadata.name as text, got 1"),
    ("{apiVersion: 1, kind: ConfigMap, metadata: {name: a}}", "apiVersion as text, got 1"),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {n: 1}}",
        "ConfigMap a: data.n: want string, got integer 1",
    ),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {n: true}}",
        "data.n: want string, got boolean True",
    ),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: [a]}",
        "data: want object, got array ['a']",
    ),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dta: {}}",
        "unknown field dta (did you mean data?)",
    ),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namspace: b}}",
        "unknown field metadata.namspace (did you mean namespace?)",
    ),
    (
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: '3'}}",
        "spec.replicas: want integer, got string '3'",
    ),
    (
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1.5}}",
        "spec.replicas: want integer, got number 1.5",
    ),
    (
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1}}",
        "spec.selector is required; spec.template is required",
    ),
    (
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{image: b}]}}",
        "spec.containers[0].name is required",
    ),
    (
        f"{SERVICE}, spec: {{ports: [{{port: 1, targetPort: true}}]}}}}",
        "spec.ports[0].targetPort: want string, got boolean True",
    ),
    (
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: a}, spec: {hard: {pods: many}}}",
        "spec.hard.pods: 'many' is not a quantity",
    ),
    (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: b}, immutable: 'no'}",
        "ConfigMap b/a: immutable: want boolean, got string 'no'",
    ),
]


@pytest.mark.parametrize("text", RIGHT)
def test_a_manifest_of_its_kind_s_shape_passes(text: str) -> None:
    validate(yaml.safe_load(text))


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_manifest_of_another_shape_is_refused_with_the_field_s_path(
    text: str, problem: str
) -> None:
    with pytest.raises(DeclarationError) as refusal:
        validate(yaml.safe_load(text), where="stacks/dev.py:7")
    assert str(refusal.value).startswith("stacks/dev.py:7: ")
    assert problem in str(refusal.value)


def test_every_problem_is_named_at_once() -> None:
    text = (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: 1, b: 2}, immutable: 3}"
    )
    with pytest.raises(DeclarationError) as refusal:
        validate(yaml.safe_load(text))
    assert str(refusal.value).count("; ") == 2


def test_outputs_are_not_looked_at() -> None:
    output = pulumi.Output.__new__(pulumi.Output)
    manifest: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    validate({**manifest, "data": output})
    validate({**manifest, "data": {"a": output}})


def test_a_kind_that_this_kubernetes_does_not_have_has_no_schema() -> None:
    assert schema_of("example.org/v1", "Queue") is ANY
    assert schema_of("apps/v1", "Deployment") is not ANY
