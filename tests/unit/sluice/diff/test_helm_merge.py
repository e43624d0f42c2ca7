from __future__ import annotations

from typing import Any

from components.lib.manifests.schema import schema_of
from sluice.diff.helm_merge import without_removed


def deployment(*environment: str, **labels: str) -> dict[str, Any]:
    container = {"name": "web", "env": [{"name": name, "value": "1"} for name in environment]}
    return {
        "metadata": {"labels": labels},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


def test_helm_takes_away_what_only_its_last_manifest_had() -> None:
    live = deployment("A", "B", "INJECTED", team="blue", tier="web", owner="hand")
    left = without_removed(
        live,
        deployment("A", "B", team="blue", tier="web"),
        deployment("B", tier="web"),
        schema_of("apps/v1", "Deployment"),
    )
    assert left == deployment("B", "INJECTED", tier="web", owner="hand")


def test_a_list_without_keys_is_the_new_one() -> None:
    assert without_removed({"args": ["b"]}, {"args": ["a"]}, {"args": ["b"]}) == {"args": ["b"]}
