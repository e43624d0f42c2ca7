"""A run's log, read on as it grows."""

from __future__ import annotations

from typing import Any

from sluice.gitea.client import Gitea
from sluice.notification.job_log import RunTail
from tests.unit.sluice.fake_gitea import FakeGitea

STAMP = "2026-11-25T22:00:0{}.1234567Z {}\n"


def serve(server: FakeGitea, status: str, log: bytes) -> None:
    run = {
        "id": 3,
        "status": status,
        "path": "reconcile.yaml@refs/heads/main",
        "head_sha": "c0ffee",
    }
    job = {"id": 9, "name": "dev", "run_id": 3, "status": status}
    answer: dict[str, Any] = {"total_count": 1}
    server.on("GET /actions/runs", (200, {**answer, "workflow_runs": [run]}))
    server.on("GET /actions/runs/3/jobs", (200, {**answer, "jobs": [job]}))
    server.on("GET /actions/jobs/9/logs", (200, log))


def test_each_line_is_told_once_and_in_whole(server: FakeGitea, gitea: Gitea) -> None:
    tail = RunTail(gitea)
    first, second = STAMP.format(1, "checking out"), STAMP.format(2, "❌ Failure - reconcile")
    serve(server, "in_progress", (first + second[:30]).encode())
    assert [line.message for line in tail.new()] == ["checking out"]
    serve(server, "completed", (first + second).encode())
    (line,) = tail.new()
    assert (line.message, line.level) == ("❌ Failure - reconcile", "error")
    assert (line.stack, line.kind, line.name) == ("gitea", "Workflow", "reconcile/dev")
    assert (line.commit, line.time.isoformat()) == ("c0ffee", "2026-11-25T22:00:02.123456+00:00")


def test_a_finished_run_is_not_asked_for_again(server: FakeGitea, gitea: Gitea) -> None:
    tail = RunTail(gitea)
    serve(server, "completed", STAMP.format(1, "done").encode())
    assert len(tail.new()) == 1
    asked = len(server.sent)
    assert tail.new() == []
    assert server.sent[asked:] == ["GET /actions/runs"]


def test_a_job_that_has_not_begun_has_no_lines(server: FakeGitea, gitea: Gitea) -> None:
    serve(server, "queued", b"")
    server.handlers.pop("GET /actions/jobs/9/logs")
    assert RunTail(gitea).new() == []


def test_while_gitea_is_out_of_reach_there_is_nothing_new(server: FakeGitea, gitea: Gitea) -> None:
    server.refuse = 1000
    assert RunTail(gitea).new() == []
