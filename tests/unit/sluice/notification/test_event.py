from __future__ import annotations

from sluice.diff.change import Change, VersionChange
from sluice.errors import DeploymentError, LockedError, RepositoryError, WaitingError
from sluice.notification.event import Event

URN = "urn:pulumi:dev::infra::sluice:environment:Environment$sluice:helm:HelmRelease$x:Y::redis"
FAILED = Change(URN, "update", "redis", "Release", "queue", "redis", error="timed out")


def test_waiting_for_an_approval_is_no_error() -> None:
    error = WaitingError("prod waits for approval: ada comments `/approve prod` on #4")
    event = Event.of_error("prod", "reconcile", "abc", error)
    assert (event.severity, event.result) == ("info", "waiting")


def test_a_failure_says_what_failed_and_which_component_it_touches() -> None:
    event = Event.of_error("dev", "reconcile", "abc", DeploymentError("dev: timed out", [FAILED]))
    assert (event.severity, event.result, event.message) == ("error", "failed", "timed out")
    assert event.changes == ("update Release queue/redis: timed out",)
    assert event.sources == {"HelmRelease/redis"}
    assert event.title == "dev: reconcile failed at abc"


def test_what_kept_an_update_from_beginning_is_told_apart() -> None:
    results = [
        Event.of_error("dev", "up", "", error).result
        for error in (LockedError("held"), RepositoryError("no remote"))
    ]
    assert results == ["locked", "refused"]


def test_a_new_version_is_told_beside_its_object() -> None:
    versions = (VersionChange("chart", "redis", "19.1.0", "19.2.0"),)
    change = Change(URN, "update", "redis", "Release", "queue", "redis", versions=versions)
    event = Event.of_update("dev", "reconcile", "abc", "changed", "1 updated", [change], 2)
    assert event.changes == ("update Release queue/redis", "chart redis 19.1.0 → 19.2.0")


def test_a_deployment_that_was_undone_is_no_good_news_but_an_asked_rollback_is() -> None:
    undone = Event.of_update("dev", "reconcile", "abc", "rolled back", "to 3", [], 2)
    asked = Event.of_update("dev", "rollback", "abc", "changed", "to 3", [], 2)
    assert (undone.severity, asked.severity) == ("error", "info")


def test_a_reason_is_the_same_however_long_it_took() -> None:
    first, then = (
        Event.of_error("dev", "reconcile", "abc", LockedError(f"waited {seconds} s"))
        for seconds in (300, 301)
    )
    assert first.reason == then.reason


def test_the_text_has_the_changes_who_and_the_link_and_is_cut() -> None:
    event = Event(
        *("dev", "deployment", "up", "info", "changed", "25 created"),
        changes=[f"create ConfigMap shop/{number}" for number in range(25)],
        author="Ada <ada@example.com>",
        url="https://git.example.com/runs/7",
    )
    lines = event.text.splitlines()
    assert lines[0] == "25 created"
    assert lines[-3:] == [
        "- and 5 more",
        "by Ada <ada@example.com>",
        "https://git.example.com/runs/7",
    ]


def test_a_webhook_made_for_flux_reads_it() -> None:
    event = Event("dev", "deployment", "reconcile", "error", "failed", "timed out", "abc")
    sent = event.as_flux("infra", "call Ada")
    assert sent["involvedObject"]["kind"] == "Stack"
    assert (sent["severity"], sent["reason"]) == ("error", "ReconcileFailed")
    assert sent["metadata"]["revision"] == "sha1:abc"
    assert sent["metadata"]["summary"] == "call Ada"
