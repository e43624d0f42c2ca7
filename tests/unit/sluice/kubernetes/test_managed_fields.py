"""Who has applied an object last."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.kubernetes.managed_fields import newest_applier

SPEC = {"f:spec": {"f:replicas": {}, "f:template": {".": {}, "f:spec": {}}}}
REPLICAS = {"f:spec": {"f:replicas": {}}}
INJECTED = {"f:webhooks": {'k:{"name":"a"}': {"f:clientConfig": {"f:caBundle": {}}}}}


def applied(manager: str, second: int, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    time = f"2026-01-01T00:00:{second:02}Z"
    return {"manager": manager, "operation": "Apply", "time": time, "fieldsV1": fields, **more}


@pytest.mark.parametrize(
    ("entries", "manager"),
    [
        ([applied("sluice", 1, SPEC)], ""),
        ([applied("sluice", 1, SPEC), applied("flux", 2, SPEC)], "flux"),
        ([applied("sluice", 1, SPEC), applied("argo", 2, REPLICAS)], "argo"),
        ([applied("flux", 2, SPEC)], "flux"),
        ([applied("flux", 1, SPEC), applied("sluice", 2, SPEC)], ""),
        ([applied("sluice", 1, SPEC), applied("cainjector", 2, INJECTED)], ""),
        ([applied("sluice", 1, SPEC), applied("kubectl", 2, SPEC)], ""),
        ([applied("sluice", 1, SPEC), applied("x", 2, SPEC, operation="Update")], ""),
        ([applied("sluice", 1, SPEC), applied("x", 2, SPEC, subresource="status")], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_whoever_applied_the_same_fields_after_us_has_it(
    entries: list[dict[str, Any]], manager: str
) -> None:
    assert newest_applier({"metadata": {"managedFields": entries}}, "sluice") == manager
