"""A live object, and what a condition, a JSONPath or an expression says of it."""

from __future__ import annotations

from typing import Any

import pytest

from components.core.health import Condition, Criterion, Expression, Health, JSONPath, parse
from components.errors import DeclarationError

NO_DISK = {"type": "Ready", "status": "False", "reason": "NoDisk", "message": "no disk"}
READY = {"type": "Ready", "status": "True"}


def live(*conditions: dict[str, str], observed: int = 2, **status: Any) -> dict[str, Any]:
    known = {"observedGeneration": observed, "conditions": list(conditions), **status}
    return {"kind": "Cluster", "metadata": {"name": "main", "generation": 2}, "status": known}


@pytest.mark.parametrize(
    ("criterion", "found", "health", "message"),
    [
        (Condition(), live(READY), Health.CURRENT, "condition Ready is True"),
        (
            Condition(),
            live(NO_DISK),
            Health.IN_PROGRESS,
            "condition Ready is False (NoDisk): no disk",
        ),
        (
            Condition(),
            live(READY, observed=1),
            Health.IN_PROGRESS,
            "condition Ready is True, of an older generation",
        ),
        (Condition(type="Stalled"), live(), Health.IN_PROGRESS, "there is no condition Stalled"),
        (
            Condition(type="Ready", status="False"),
            live(NO_DISK),
            Health.CURRENT,
            "condition Ready is False (NoDisk): no disk",
        ),
        (
            JSONPath(path="{.status.phase}", value="Running"),
            live(phase="Running"),
            Health.CURRENT,
            "{.status.phase} is Running",
        ),
        (
            JSONPath(path="{.status.phase}", value="Running"),
            live(phase="Pending"),
            Health.IN_PROGRESS,
            "{.status.phase} is Pending",
        ),
        (JSONPath(path="{.status.ip}"), live(), Health.IN_PROGRESS, "there is no {.status.ip}"),
        (JSONPath(path="{.status.ip}"), live(ip="::1"), Health.CURRENT, "{.status.ip} is ::1"),
        (
            JSONPath(path='{.status.conditions[?(@.type=="Ready")].status}', value="True"),
            live(READY),
            Health.CURRENT,
            '{.status.conditions[?(@.type=="Ready")].status} is True',
        ),
        (
            JSONPath(path="{.status.up}", value="true"),
            live(up=True),
            Health.CURRENT,
            "{.status.up} is true",
        ),
        (
            Expression(current="status.phase == 'Running'"),
            live(phase="Running"),
            Health.CURRENT,
            "current: status.phase == 'Running'",
        ),
        (
            Expression(current="status.phase == 'Running'"),
            live(NO_DISK, phase="Pending"),
            Health.IN_PROGRESS,
            (
                "current: status.phase == 'Running': not yet; "
                "condition Ready is False (NoDisk): no disk"
            ),
        ),
        (
            Expression(current="status.phase == 'Running'"),
            live(),
            Health.IN_PROGRESS,
            "current: status.phase == 'Running': not to be told: 'phase'",
        ),
        (
            Expression(
                current="true",
                failed="status.conditions.exists(c, c.type == 'Ready' && c.status == 'False')",
            ),
            live(NO_DISK),
            Health.FAILED,
            (
                "failed: status.conditions.exists(c, c.type == 'Ready' && c.status == 'False'); "
                "condition Ready is False (NoDisk): no disk"
            ),
        ),
        (
            Expression(
                current="true",
                failed="true",
                in_progress="metadata.generation != status.observedGeneration",
            ),
            live(observed=1),
            Health.IN_PROGRESS,
            "in_progress: metadata.generation != status.observedGeneration",
        ),
        (
            Expression(current="status.phase"),
            live(phase="Running"),
            Health.FAILED,
            "current: status.phase: gives 'Running', want a bool",
        ),
    ],
)
def test_what_is_found(
    criterion: Criterion, found: dict[str, Any], health: Health, message: str
) -> None:
    verdict = criterion.verdict(found)

    assert (verdict.health, verdict.message) == (health, message)


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Condition(), "condition=Ready"),
        (Condition(type="Stalled", status="False"), "condition=Stalled=False"),
        (JSONPath(path="{.status.phase}", value="Running"), "jsonpath={.status.phase}=Running"),
        (JSONPath(path="{.status.ip}"), "jsonpath={.status.ip}"),
    ],
)
def test_what_pulumi_can_wait_for_is_read_as_it_is_written(
    criterion: Condition | JSONPath, text: str
) -> None:
    assert criterion.wait_for == text
    assert parse(text) == criterion


def test_pulumi_cannot_wait_for_an_expression() -> None:
    assert Expression(current="true").wait_for is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Expression(current="1 +"), "health expression: current: '1 +' is no CEL: "),
        (
            lambda: Expression(current="true", failed="status."),
            "health expression: failed: 'status.' is no CEL: ",
        ),
        (lambda: Expression(current=""), "health expression: current is required"),
        (lambda: JSONPath(path="status.phase"), "jsonpath: 'status.phase' is no path such as "),
        (lambda: JSONPath(path="{.status[}"), "jsonpath: '{.status[}' is no path such as "),
        (lambda: parse("ready"), "'ready' is neither condition=Ready nor jsonpath="),
    ],
)
def test_what_is_no_criterion(make: Any, said: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        make()

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
