from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from sluice.errors import DeploymentError
from sluice.gitea.records import Run
from sluice.recovery.shared_lock import Holder, SharedLock, holders

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOLDER = Holder("root", "runner-1", 471, NOON)


@dataclass
class Backend:
    """The stack's tags, what Gitea says of runs, and what was asked of Pulumi."""

    tags: dict[str, str] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    cancelled: int = 0
    slept: list[float] = field(default_factory=list)

    def pulumi(self, *words: str) -> str:
        match words:
            case ("stack", "tag", "set", name, value):
                self.tags[name] = value
            case ("stack", "tag", "rm", name):
                if name not in self.tags:
                    raise DeploymentError("no such tag")
                del self.tags[name]
            case ("stack", "tag", "ls", "--json"):
                return json.dumps(self.tags)
            case ("cancel", "--yes"):
                self.cancelled += 1
            case _:
                raise AssertionError(words)
        return ""

    def lock(self, run: str = "") -> SharedLock:
        number, _, attempt = run.partition(".")
        environment = {"GITHUB_RUN_ID": number, "GITHUB_RUN_ATTEMPT": attempt} if run else {}
        return SharedLock(self.pulumi, self.runs.get, environment, self.slept.append)


def run(number: int, *, minutes: tuple[int, int] = (-5, 5), finished: bool = True) -> Run:
    started, ended = (NOON + timedelta(minutes=each) for each in minutes)
    status = "completed" if finished else "in_progress"
    return Run(number, status, started_at=started, completed_at=ended if finished else None)


def test_a_run_leaves_its_number_while_it_may_hold_the_stack() -> None:
    backend = Backend()
    with backend.lock("7").announced():
        assert backend.tags == {"sluice:run:7.1": socket.gethostname()}
    assert backend.tags == {}


def test_a_tag_that_somebody_else_removed_fails_nothing() -> None:
    backend = Backend()
    with backend.lock("7").announced():
        backend.tags.clear()
    assert backend.tags == {}


def test_outside_of_a_run_nothing_is_left() -> None:
    backend = Backend()
    with backend.lock().announced():
        assert backend.tags == {}


def test_the_lock_of_a_finished_run_is_claimed_and_then_removed() -> None:
    backend = Backend({"sluice:run:7.1": "runner-1"}, {7: run(7)})
    lock = backend.lock("8")
    assert not lock.take_over([HOLDER])
    assert (backend.cancelled, backend.slept) == (0, [5.0])
    assert lock.take_over([HOLDER])
    assert backend.cancelled == 1
    assert "sluice:takeover" not in backend.tags


def test_the_run_that_waits_on_that_very_host_is_not_the_holder() -> None:
    backend = Backend({"sluice:run:7.1": "runner-1", "sluice:run:8.1": "runner-1"}, {7: run(7)})
    lock = backend.lock("8.1")
    assert [lock.take_over([HOLDER]) for _ in range(2)] == [False, True]


def test_a_run_that_is_run_again_takes_what_its_attempt_before_held() -> None:
    backend = Backend({"sluice:run:7.1": "runner-1"}, {7: run(7, finished=False)})
    lock = backend.lock("7.2")
    assert [lock.take_over([HOLDER]) for _ in range(2)] == [False, True]


def test_of_two_that_find_it_one_removes_it() -> None:
    backend = Backend({"sluice:run:7.1": "runner-1"}, {7: run(7)})
    first, second = backend.lock("8"), backend.lock("9")
    assert not first.take_over([HOLDER])
    assert not second.take_over([HOLDER])
    assert not first.take_over([HOLDER])
    assert second.take_over([HOLDER])
    assert backend.cancelled == 1


@pytest.mark.parametrize(
    ("tags", "runs"),
    [
        ({}, {}),
        ({"sluice:run:7.1": "runner-1"}, {7: run(7, finished=False)}),
        ({"sluice:run:7.1": "runner-1"}, {}),
        ({"sluice:run:7.1": "runner-2"}, {7: run(7)}),
        ({"sluice:run:7.1": "runner-1"}, {7: run(7, minutes=(1, 5))}),
        ({"sluice:run:7.1": "runner-1"}, {7: run(7, minutes=(-5, -1))}),
        (
            {"sluice:run:7.1": "runner-1", "sluice:run:8.1": "runner-1"},
            {7: run(7), 8: run(8, finished=False)},
        ),
    ],
    ids=[
        "a human's",
        "a run that still runs",
        "a run that Gitea does not know",
        "a run on another host",
        "a run that began later",
        "a run that had ended before",
        "another run on that host still runs",
    ],
)
def test_a_lock_whose_holder_may_live_is_never_taken(
    tags: dict[str, str], runs: dict[int, Run]
) -> None:
    backend = Backend(dict(tags), runs)
    lock = backend.lock("9")
    assert not any(lock.take_over([HOLDER]) for _ in range(3))
    assert backend.cancelled == 0


def test_a_lock_beside_one_whose_holder_may_live_is_never_taken() -> None:
    backend = Backend({"sluice:run:7.1": "runner-1"}, {7: run(7)})
    lock = backend.lock("9")
    other = Holder("ada", "laptop", 12, NOON)
    assert not any(lock.take_over([HOLDER, other]) for _ in range(3))


def test_a_lock_that_was_made_anew_has_to_be_claimed_anew() -> None:
    backend = Backend({"sluice:run:7.1": "runner-1"}, {7: run(7)})
    lock = backend.lock("9")
    assert not lock.take_over([HOLDER])
    assert not lock.take_over([Holder("root", "runner-1", 472, NOON)])
    assert backend.cancelled == 0


def test_who_holds_a_stack_is_read_from_pulumi_s_error() -> None:
    text = (
        "error: the stack is currently locked by 1 lock(s).\n  postgres://****:****@db/x.json: "
        "created by root@runner-1 (pid 471) at 2026-11-25T12:00:00Z"
    )
    assert holders(text) == [HOLDER]
    assert holders("error: something else") == []
