from __future__ import annotations

from sluice.diff.danger import interruption, loss, urgency


def test_what_loses_data_comes_first_then_deletions_and_replacements() -> None:
    changes = [
        ("create", "Deployment"),
        ("update", "StatefulSet"),
        ("replace", "Deployment"),
        ("delete", "ConfigMap"),
        ("replace", "StatefulSet"),
        ("delete", "PersistentVolumeClaim"),
    ]
    assert sorted(changes, key=lambda change: urgency(*change)) == list(reversed(changes))


def test_only_deleting_or_replacing_loses_something() -> None:
    for operation, loses in {
        "create": False,
        "update": False,
        "replace": True,
        "delete": True,
    }.items():
        assert bool(loss(operation, "Namespace")) == loses
        assert not loss(operation, "ConfigMap")


def test_a_replacement_says_what_is_missing_meanwhile() -> None:
    assert interruption("replace", "Deployment") == (
        "deleted before it is made anew: its pods are gone until new ones are ready"
    )
    assert interruption("replace", "Widget").endswith(": it is missing meanwhile")
    assert interruption("delete", "Deployment") == interruption("update", "Service") == ""
