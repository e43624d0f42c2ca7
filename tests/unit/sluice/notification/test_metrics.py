from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import exposition
from prometheus_client.parser import text_string_to_metric_families

from sluice.errors import AlertError
from sluice.inventory import deployed
from sluice.notification import metrics
from sluice.notification.event import Event
from sluice.notification.metrics import METRICS, measure
from sluice.stack.repository import Repository
from tests.unit.sluice.stack_data import DEPLOYED

ROOT = Path(__file__).parents[4]
DASHBOARD = ROOT / "docs" / "monitoring" / "dashboard.json"
RULES = ROOT / "docs" / "monitoring" / "rules.yaml"
NAME = re.compile(r"\bsluice_\w+")
FAILED = Event(
    *("dev", "deployment", "reconcile", "error", "failed", "timed out", "abc"),
    changes=["update Deployment shop/web: timed out", "create ConfigMap shop/web"],
    seconds=12.5,
)
DRIFT = Event("dev", "drift", "drift", "error", "drifted", "drift in 1 object", drifted=2)


@pytest.fixture
def checkout(repository: Any, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setattr(deployed.Deployed, "of", lambda _stack: DEPLOYED)
    made: Repository = repository(dev="")
    return made


def measured(folder: Path) -> dict[tuple[str, str], float]:
    """What node exporter reads: each value by its metric and the metric's own label."""
    (file,) = folder.glob("*.prom")
    own = {name: label for name, (label, _) in METRICS.items()}
    found = {}
    for family in text_string_to_metric_families(file.read_text()):
        for sample in family.samples:
            labels = dict(sample.labels)
            assert (labels.pop("project"), labels.pop("stack")) == ("infrastructure", "dev")
            assert set(labels) == ({own[sample.name]} if own[sample.name] else set())
            found[sample.name, "".join(labels.values())] = sample.value
    return found


def test_a_deployment_is_measured_in_a_file(
    checkout: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICE_METRICS", str(tmp_path / "textfile"))
    measure(checkout, FAILED)
    found = measured(tmp_path / "textfile")
    assert found["sluice_deployment_duration_seconds", ""] == 12.5
    assert found["sluice_deployment_result", "failed"] == 1
    assert found["sluice_deployment_result", "changed"] == 0
    assert found["sluice_deployment_changes", "update"] == 1
    assert found["sluice_objects", ""] == len(DEPLOYED.objects)
    assert found["sluice_suspensions", ""] == 0


def test_what_was_measured_of_another_kind_stays_and_the_newest_counts(
    checkout: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICE_METRICS", str(tmp_path / "textfile"))
    for event in (FAILED, DRIFT, replace(DRIFT, drifted=0)):
        measure(checkout, event)
    found = measured(tmp_path / "textfile")
    assert found["sluice_deployment_result", "failed"] == 1
    assert found["sluice_drift_fields", ""] == 0


def test_every_metric_is_measured(
    checkout: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICE_METRICS", str(tmp_path / "textfile"))
    for event in (FAILED, DRIFT):
        measure(checkout, event)
    assert {name for name, _ in measured(tmp_path / "textfile")} == set(METRICS)


def test_a_gateway_is_pushed_to_beside_what_others_measured(
    checkout: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[tuple[str, str, dict[str, str]]] = []

    def push(gateway: str, job: str, _registry: Any, *, grouping_key: Any, **_: Any) -> None:
        pushed.append((gateway, job, grouping_key))

    monkeypatch.setattr(exposition, "pushadd_to_gateway", push)
    monkeypatch.setenv("SLUICE_METRICS", "http://gateway.example.com:9091")
    measure(checkout, FAILED)
    group = {"project": "infrastructure", "stack": "dev"}
    assert pushed == [("http://gateway.example.com:9091", "sluice", group)]


def test_a_folder_that_cannot_be_made_is_said(
    checkout: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SLUICE_METRICS", str(tmp_path / "file" / "textfile"))
    with pytest.raises(AlertError, match="SLUICE_METRICS: its metrics cannot be told"):
        measure(checkout, FAILED)


def test_without_the_setting_nothing_is_even_read(
    checkout: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLUICE_METRICS", raising=False)
    monkeypatch.setattr(metrics, "samples", None)
    measure(checkout, FAILED)
    assert not (checkout.local / "metrics").exists()


def dashboard_expressions() -> list[str]:
    content = json.loads(DASHBOARD.read_text())
    targets = [target["expr"] for panel in content["panels"] for target in panel["targets"]]
    variables = [each["query"] for each in content["templating"]["list"] if each["type"] == "query"]
    return [*targets, *variables]


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize(
    "expression", [*dashboard_expressions(), *(rule["expr"] for rule in rules())]
)
def test_the_dashboard_and_the_rules_ask_for_what_is_measured(expression: str) -> None:
    names = NAME.findall(expression)
    assert names
    assert set(names) <= set(METRICS)
    own = {METRICS[name][0] for name in names} | {"project", "stack"}
    assert set(re.findall(r"(\w+)=~?\"", expression)) <= own


def test_the_dashboard_s_panels_have_each_a_place_and_a_number_of_their_own() -> None:
    content = json.loads(DASHBOARD.read_text())
    cells: set[tuple[int, int]] = set()
    for panel in content["panels"]:
        place = panel["gridPos"]
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & covered, panel["title"]
        assert max(x for x, _ in covered) < 24
        cells |= covered
    numbers = [panel["id"] for panel in content["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_each_rule_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_the_results_that_the_rules_count_are_those_that_there_are() -> None:
    named = re.findall(r"result=~\\?\"([^\"]+)\"", " ".join(rule["expr"] for rule in rules()))
    assert {word for each in named for word in each.split("|")} <= set(metrics._RESULTS)
