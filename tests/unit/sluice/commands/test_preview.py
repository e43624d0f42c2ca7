"""What a preview shows of what the engine and the comparison have found."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from components.lib.manifests.identity import Identity
from sluice.commands import preview as module
from sluice.diff.change import Change, FieldDifference
from sluice.diff.difference import Comparison, Difference
from sluice.diff.masking import AFTER, BEFORE
from sluice.engine.outcome import Outcome
from sluice.errors import DeploymentError
from sluice.plan import planning
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from sluice.stack.suspension import Suspension

Preview = Callable[..., Result]


def change(operation: str, kind: str, name: str, component: str = "app", **more: Any) -> Change:
    return Change(
        f"urn:pulumi:dev::p::{kind}::{name}", operation, component, kind, "web", name, **more
    )


def inner(operation: str, kind: str, name: str) -> Difference:
    identity = Identity("apps/v1", kind, "web", name)
    before = {"spec": {"replicas": 1}} if operation != "create" else None
    after = {"spec": {"replicas": 2}} if operation != "delete" else None
    return Difference(operation, "redis", "web/redis", identity, before, after)


@pytest.fixture
def preview(platform: Repository, monkeypatch: pytest.MonkeyPatch) -> Preview:
    """Preview dev, where the engine finds the changes and Helm's objects differ as given."""

    def run(
        *arguments: str,
        changes: list[Change],
        inside: list[Difference] | None = None,
        suspended: list[Suspension] | None = None,
        failure: str = "",
    ) -> Result:
        class FakeEngine:
            def __init__(self, *_: object) -> None:
                pass

            def preview(self, *, exclude: Collection[str]) -> Outcome:
                left = [each for each in changes if each.component not in exclude]
                if failure:
                    raise DeploymentError(failure, left)
                return Outcome("dev", changes=left)

        monkeypatch.setattr(module, "enter", lambda _: None)
        monkeypatch.setattr(planning, "Engine", FakeEngine)
        monkeypatch.setattr(Stack, "suspensions", lambda _: suspended or [])
        compared = Comparison(inside or [], [], 0)
        monkeypatch.setattr(planning, "differences", lambda *_, **_options: (compared, {}))
        return CliRunner().invoke(module.preview, ["dev", *arguments], obj=platform)

    return run


def test_what_loses_data_comes_first_and_a_release_keeps_its_objects(preview: Preview) -> None:
    result = preview(
        changes=[
            change("update", "ConfigMap", "settings"),
            change("delete", "ConfigMap", "old"),
            change(
                "update",
                "Release",
                "redis",
                "redis",
                fields=(FieldDifference("values.replicas", 1, 2),),
            ),
        ],
        inside=[inner("update", "Deployment", "proxy"), inner("delete", "StatefulSet", "redis")],
    )
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert [(row[1], row[3], row[4]) for row in rows] == [
        ("update", "Release", "web/redis"),
        ("delete", "└", "StatefulSet"),
        ("update", "└", "Deployment"),
        ("delete", "ConfigMap", "web/old"),
        ("update", "ConfigMap", "web/settings"),
    ]
    assert "its pods, and their claims" in result.stdout.splitlines()[2]
    assert rows[2][-1] == "spec.replicas"


def test_programs_get_every_field_and_what_is_lost(preview: Preview) -> None:
    result = preview("-o", "json", changes=[change("delete", "Namespace", "web")])
    (row,) = json.loads(result.stdout)
    assert (row["stack"], row["kind"], row["loss"]) == ("dev", "Namespace", "every object in it")


def test_what_is_suspended_is_left_out_and_said(preview: Preview) -> None:
    since = datetime(2026, 11, 23, tzinfo=UTC)
    changes = [change("update", "ConfigMap", "a"), change("update", "ConfigMap", "b", "other")]
    part = Suspension("other", "a reason", "Ada <a@example.org>", since)
    result = preview(changes=changes, suspended=[part])
    assert "web/a" in result.stdout
    assert "web/b" not in result.stdout
    assert result.stderr.startswith("dev: other: left out, suspended by Ada")
    whole = Suspension("", "a reason", "Ada <a@example.org>", since)
    assert "web/a" not in preview(changes=changes, suspended=[whole]).stdout


def test_a_replacement_that_a_dry_run_refuses_is_shown_all_the_same(preview: Preview) -> None:
    replaced = change("replace", "StatefulSet", "data", error="spec: Forbidden")
    result = preview(changes=[replaced], failure="dev: app: spec: Forbidden")
    assert result.exit_code == 0
    assert "replace" in result.stdout
    assert "StatefulSet data: a dry run cannot replace it" in result.stderr


def test_any_other_failure_ends_it(preview: Preview) -> None:
    failed = change("update", "Deployment", "app", error="spec: Invalid")
    result = preview(changes=[failed], failure="dev: app: spec: Invalid")
    assert isinstance(result.exception, DeploymentError)


def test_nothing_to_do_is_said(preview: Preview) -> None:
    assert preview(changes=[]).stdout == "Nothing to do: every stack is as it is declared.\n"


def test_a_field_beside_a_secret_is_told_as_the_cluster_has_it(preview: Preview) -> None:
    hidden = tuple(FieldDifference(path, BEFORE, AFTER) for path in ("spec.image", "spec.env"))
    live = {"spec": {"image": "app:1", "env": "*** (before)", "replicas": 5}}
    declared = {"spec": {"image": "app:2", "env": "*** (after)", "replicas": 1}}
    identity = Identity("apps/v1", "Deployment", "web", "app")
    result = preview(
        *("-o", "json"),
        changes=[change("update", "Deployment", "app", fields=hidden)],
        inside=[Difference("update", "app", "", identity, live, declared)],
    )
    (row,) = json.loads(result.stdout)
    assert row["fields"] == [
        {"path": "spec.env", "before": "*** (before)", "after": "*** (after)"},
        {"path": "spec.image", "before": "app:1", "after": "app:2"},
    ]
