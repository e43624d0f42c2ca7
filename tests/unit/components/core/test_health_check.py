from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from components import Expression, HealthCheck, HealthCheckArgs, JSONPath, Namespace

if TYPE_CHECKING:
    from conftest import Declare

MAIN = {"api_version": "db.example/v1", "kind": "Cluster", "name": "main"}


def test_a_check_makes_nothing_and_says_in_the_state_what_to_wait_for(declare: Declare) -> None:
    def program() -> None:
        running = JSONPath(path="{.status.phase}", value="Running")
        namespace = Namespace("databases")
        HealthCheck(
            "db", HealthCheckArgs(**MAIN, namespace=namespace, healthy=running, timeout="1m")
        )
        HealthCheck("any", HealthCheckArgs(**MAIN, healthy=Expression(current="status.ok")))

    registered = declare(program)
    assert [each.name for each in registered if each.request.custom] == ["databases:databases"]
    assert registered.outputs["HealthCheck db"] == {
        "object": {
            "apiVersion": "db.example/v1",
            "kind": "Cluster",
            "namespace": "databases",
            "name": "main",
        },
        "healthy": {"waitFor": "jsonpath={.status.phase}=Running"},
        "timeoutSeconds": 60,
    }
    assert registered.outputs["HealthCheck any"]["healthy"] == {
        "current": "status.ok",
        "in_progress": "",
        "failed": "",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"timeout": "soon"}, "timeout: 'soon' is not a duration"),
        ({"name": "No Name"}, "name: 'No Name' is not lower-case letters"),
        ({"kind": ""}, "api_version and kind are required"),
    ],
)
def test_what_is_no_object(
    refused: Callable[..., str], arguments: dict[str, Any], said: str
) -> None:
    error = refused(lambda: HealthCheck("db", HealthCheckArgs(**{**MAIN, **arguments})))

    assert f"HealthCheck 'db': {said}" in error
