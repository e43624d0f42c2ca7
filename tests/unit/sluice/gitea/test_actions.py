"""Runs and what they leave."""

from __future__ import annotations

from typing import Any

from sluice.gitea.client import Gitea
from tests.unit.sluice.fake_gitea import FakeGitea

RUN = {"id": 3, "run_number": 1, "status": "completed", "conclusion": "success"}


def test_runs_are_chosen_by_their_workflow(server: FakeGitea, gitea: Gitea) -> None:
    answer = {
        "total_count": 2,
        "workflow_runs": [
            {**RUN, "path": "reconcile.yaml@refs/heads/main"},
            {**RUN, "id": 2, "path": "check.yaml@refs/heads/main"},
        ],
    }
    server.on("GET /actions/runs", (200, answer))
    assert [run.id for run in gitea.runs("reconcile.yaml")] == [3]
    assert [run.id for run in gitea.runs()] == [3, 2]


def test_a_filter_that_is_empty_is_not_sent(server: FakeGitea, gitea: Gitea) -> None:
    asked: list[dict[str, Any]] = []
    server.on(
        "GET /actions/runs",
        lambda given: (asked.append(given["query"]), (200, {"workflow_runs": []}))[1],
    )
    gitea.runs(branch="main")
    assert asked == [{"page": "1", "limit": "50", "branch": "main"}]


def test_a_jobs_log_comes_in_pieces(server: FakeGitea, gitea: Gitea) -> None:
    job = {"id": 9, "name": "dev", "run_id": 3, "status": "in_progress"}
    server.on("GET /actions/runs/3", (200, {**RUN, "path": "x.yaml@main"}))
    server.on("GET /actions/runs/3/jobs", (200, {"total_count": 1, "jobs": [job]}))
    server.on("GET /actions/jobs/9/logs", (200, b"line\n" * 30_000))
    (found,) = gitea.jobs(gitea.run(3))
    pieces = list(gitea.job_log(found))
    assert len(pieces) > 1
    assert b"".join(pieces) == b"line\n" * 30_000


PACKAGE = "/api/packages/raibid/generic/reports/3/report.html"


def test_a_package_is_stored_under_its_owner(server: FakeGitea, gitea: Gitea) -> None:
    stored: list[bytes] = []
    server.on(f"PUT {PACKAGE}", lambda given: (stored.append(given["raw"]), (201, b""))[1])
    url = gitea.upload_package("reports", "3", "report.html", b"<html>")
    assert (url, stored) == (f"https://git.example.com/sub{PACKAGE}", [b"<html>"])


def test_a_package_that_is_there_is_replaced_only_if_it_differs(
    server: FakeGitea, gitea: Gitea
) -> None:
    answers = iter([409, 409, 201])
    server.on(f"PUT {PACKAGE}", lambda _: (next(answers), b""))
    server.on(f"GET {PACKAGE}", (200, b"old"))
    server.on(f"DELETE {PACKAGE}", (204, b""))
    gitea.upload_package("reports", "3", "report.html", b"old")
    assert server.count("DELETE") == 0
    gitea.upload_package("reports", "3", "report.html", b"new")
    assert server.count("DELETE") == 1
    assert gitea.download_package("reports", "3", "report.html") == b"old"
