"""Every typed argument is a field of the definition, and its words are the definition's."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from components import (
    CanaryAlert,
    CanaryAnalysis,
    CanaryMetric,
    CanaryService,
    CanaryWebhook,
    Fallback,
    PodIdentity,
    RemoteKey,
    SecretKey,
    SecretKeySelector,
    ServiceAccountSelector,
    SessionAffinity,
    TemplateReference,
    ThresholdRange,
)
from components.base.typed import Typed, api_name

DEFINITIONS = Path(__file__).parents[2] / "data" / "crds"
METRICS = "analysis.metrics[]"
STORE = "provider.vault.auth"


@pytest.mark.parametrize(
    ("part", "kind", "path"),
    [
        (Fallback, "ScaledObject", "fallback"),
        (SecretKey, "TriggerAuthentication", "secretTargetRef[]"),
        (SecretKey, "ClusterTriggerAuthentication", "configMapTargetRef[]"),
        (PodIdentity, "TriggerAuthentication", "podIdentity"),
        (CanaryService, "Canary", "service"),
        (CanaryAnalysis, "Canary", "analysis"),
        (CanaryMetric, "Canary", METRICS),
        (ThresholdRange, "Canary", f"{METRICS}.thresholdRange"),
        (TemplateReference, "Canary", f"{METRICS}.templateRef"),
        (CanaryWebhook, "Canary", "analysis.webhooks[]"),
        (CanaryAlert, "Canary", "analysis.alerts[]"),
        (SessionAffinity, "Canary", "analysis.sessionAffinity"),
        (RemoteKey, "ExternalSecret", "data[].remoteRef"),
        (RemoteKey, "ExternalSecret", "dataFrom[].extract"),
        (SecretKeySelector, "SecretStore", f"{STORE}.tokenSecretRef"),
        (ServiceAccountSelector, "ClusterSecretStore", f"{STORE}.kubernetes.serviceAccountRef"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else value,
)
def test_an_argument_is_a_field(part: type[Typed], kind: str, path: str) -> None:
    schema = functools.reduce(_below, path.split("."), _spec(kind))
    hints = typing.get_type_hints(part)
    arguments = {api_name(each): each for each in dataclasses.fields(part) if each.name != "extra"}
    assert arguments.keys() <= schema["properties"].keys()
    for name, each in arguments.items():
        words = set(_words(hints[each.name]))
        assert words <= set(schema["properties"][name].get("enum", words)), name
    required = {n for n, each in arguments.items() if each.default is each.default_factory}
    assert set(schema.get("required", ())) <= required


@functools.cache
def _definitions() -> dict[str, Any]:
    found = {}
    for file in DEFINITIONS.glob("*.yaml"):
        for each in yaml.safe_load_all(file.read_text()):
            found[each["spec"]["names"]["kind"]] = each["spec"]["versions"][0]["schema"]
    return found


def _spec(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = _definitions()[kind]["openAPIV3Schema"]["properties"]["spec"]
    return spec


def _below(schema: dict[str, Any], step: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"][step.removesuffix("[]")]
    return found["items"] if step.endswith("[]") else found


def _words(hint: Any) -> Iterator[str]:
    if typing.get_origin(hint) is Literal:
        yield from typing.get_args(hint)
    elif isinstance(hint, types.UnionType):
        for each in typing.get_args(hint):
            yield from _words(each)
