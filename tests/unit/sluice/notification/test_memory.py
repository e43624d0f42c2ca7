from __future__ import annotations

from pathlib import Path
from typing import Literal

from sluice.notification.event import Event
from sluice.notification.memory import Memory, news
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack


def event(
    result: str, message: str = "", topic: Literal["deployment", "drift"] = "deployment"
) -> Event:
    severity: Literal["info", "error"] = "error" if result == "failed" else "info"
    return Event("dev", topic, "reconcile", severity, result, message)


def told(*events: Event) -> list[str]:
    """What is told of events that follow each other."""
    before, found = "", []
    for each in events:
        new = news(each, before)
        if new is not None:
            found.append(f"{new.result} {new.message}".strip())
            before = new.reason
    return found


def test_a_stack_that_stays_broken_is_told_once_then_otherwise_then_well() -> None:
    assert told(
        event("changed", "1 updated"),
        event("unchanged"),
        event("failed", "web timed out after 300 s"),
        event("failed", "web timed out after 301 s"),
        event("failed", "redis timed out after 300 s"),
        event("unchanged", "as declared"),
        event("unchanged", "as declared"),
    ) == [
        "changed 1 updated",
        "failed web timed out after 300 s",
        "failed redis timed out after 300 s",
        "recovered recovered: as declared",
    ]


def test_each_alert_is_remembered_by_itself_and_by_topic(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    memory = Memory(Stack(Repository(tmp_path), "dev"))
    memory.told(event("failed", "timed out"), ["team"], [{"name": "team"}, {"name": "oncall"}])
    again = Memory(Stack(Repository(tmp_path), "dev"))
    assert again.wrong("team", "deployment") == "failed: timed out"
    assert again.wrong("oncall", "deployment") == again.wrong("team", "drift") == ""
    assert (again.is_wrong("deployment"), again.is_wrong("drift")) == (True, False)


def test_an_alert_that_is_declared_no_more_is_forgotten(tmp_path: Path) -> None:
    memory = Memory(Stack(Repository(tmp_path), "dev"))
    memory.told(event("failed", "timed out"), ["gone"], [{"name": "gone"}])
    assert memory.is_wrong("deployment")
    memory.told(event("changed"), [], [{"name": "team"}])
    assert not Memory(Stack(Repository(tmp_path), "dev")).is_wrong("deployment")


def test_jobs_that_tell_at_the_same_time_forget_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = (Memory(Stack(Repository(tmp_path), "dev")) for _ in range(2))
    one.waits("aaa")
    other.told(event("failed", "timed out"), ["team"], [{"name": "team"}])
    one.waits("bbb")
    other.settled(["aaa"])
    assert (one.waiting, one.wrong("team", "deployment")) == (["bbb"], "failed: timed out")


def test_a_damaged_memory_remembers_nothing(tmp_path: Path) -> None:
    file = tmp_path / ".sluice" / "events" / "dev.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert not Memory(Stack(Repository(tmp_path), "dev")).is_wrong("deployment")
