from __future__ import annotations

from sluice.danger import loss, urgency


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
