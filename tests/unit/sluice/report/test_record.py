"""The record of a preview: what it counts, says, and keeps in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components.errors import DeclarationError
from sluice.diff.change import Change, FieldDifference, PlannedChange, VersionChange
from sluice.errors import DeploymentError, RepositoryError
from sluice.pipeline.preview import failure
from sluice.report.record import StackPreview, load, save
from sluice.status.graph import Edge, Graph

EMPTY = StackPreview("dev", "c" * 40, "b" * 40, offline=False, seconds=1.5)


def row(operation: str, kind: str, name: str, release: str = "", loss: str = "") -> PlannedChange:
    where = ("dev", operation, "redis", "HelmRelease", release, kind, "web", name)
    fields = [FieldDifference("spec.replicas", 1, {"a": [None]})]
    return PlannedChange(*where, fields, [VersionChange("image", "app", "1", "2")], loss, "")


def test_a_release_counts_as_its_objects() -> None:
    changes = [
        row("update", "Release", "redis"),
        row("update", "Deployment", "redis", "web/redis"),
        row("delete", "ConfigMap", "redis", "web/redis"),
    ]
    assert replace(EMPTY, changes=changes).counts == {"update": 1, "delete": 1}
    assert replace(EMPTY, changes=changes[:1]).counts == {"update": 1}


def test_a_sentence_says_what_would_happen_and_what_is_lost() -> None:
    assert EMPTY.sentence == "nothing to do"
    lost = [row("delete", "PersistentVolumeClaim", f"data-{i}", loss="data") for i in range(5)]
    assert replace(EMPTY, changes=[row("create", "ConfigMap", "a"), *lost]).sentence == (
        "1 to create, 5 to delete; data is lost with PersistentVolumeClaim web/data-0, "
        "PersistentVolumeClaim web/data-1, PersistentVolumeClaim web/data-2 and 2 more"
    )
    assert replace(EMPTY, error="no").sentence == "it would fail: no"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    whole = replace(
        EMPTY,
        changes=[row("update", "Deployment", "redis")],
        drift=[],
        graph=Graph(("a/b", "c/d"), (Edge("a/b", "c/d"),)),
    )
    save(whole, tmp_path / "below" / "dev.json")
    assert load(tmp_path / "below" / "dev.json") == whole


def test_a_file_that_is_no_preview_is_named(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    file.write_text('{"stack": 3}')
    with pytest.raises(RepositoryError, match=r"dev\.json: not a preview: .*stack"):
        load(file)


def test_of_an_error_the_reason_that_matters_is_kept_with_its_place() -> None:
    places = {"app": "stacks/base.py:42"}
    failed = Change(
        "urn:p::s::t::app", "update", "app", "Deployment", "web", "app", error="app: no"
    )
    several = DeploymentError("dev: app: no\n  other: because of it", [failed])
    assert failure(several, "dev", places) == ("app: no", "stacks/base.py:42")
    assert failure(DeploymentError("dev: app: Deployment web/app: no\n  more"), "dev", places) == (
        "app: Deployment web/app: no",
        "stacks/base.py:42",
    )
    located = DeclarationError("stacks/dev.py:7: NameError: name 'x' is not defined")
    assert failure(located, "dev", {}) == ("NameError: name 'x' is not defined", "stacks/dev.py:7")
