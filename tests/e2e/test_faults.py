"""Whatever stops in the middle, the next run ends in what main says."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from sluice.gitea.bootstrap import apply
from sluice.gitea.bootstrap_plan import BOT_TOKEN, BootstrapPlan
from sluice.sandbox.processes.process import find
from tests.e2e.team import CHECKS, STACKS
from tests.gitea_sandbox import eventually

if TYPE_CHECKING:
    from tests.e2e.team import Team


def test_two_merges_within_a_second_end_in_the_newest(team: Team) -> None:
    first = team.propose("one", "feat: one", lambda: team.add_namespace("one"))
    second = team.propose("two", "feat: two", lambda: team.add_namespace("two"))
    team.report(first)
    team.report(second)
    team.merge(first)
    newest = team.merge(second)
    statuses = team.statuses(newest)
    assert {statuses[stack].state for stack in STACKS} == {"success"}
    assert team.having("namespace", "one") == team.having("namespace", "two") == list(STACKS)


def test_a_run_that_is_killed_in_the_middle_is_made_good_by_the_next(team: Team) -> None:
    def edit() -> None:
        for number in range(20):
            team.add_namespace(f"many-{number}")

    request = team.propose("many", "feat: many namespaces", edit)
    team.report(request)
    commit = team.merge(request)
    eventually(lambda: team.live("dev-cluster", "namespace", "many-3"), "the update to begin")
    runner = find(team.sandbox.service.runner.unit)
    assert runner is not None
    for process in (*runner.children(recursive=True), runner):
        _kill(process)
    team.restart()
    team.start()
    newest = team.push("chore: go on")
    statuses = team.statuses(newest)
    assert {statuses[stack].state for stack in STACKS} == {"success"}
    for stack in STACKS:
        listed = team.kubectl(f"{stack}-cluster", "get", "namespaces", "--output=name").split()
        assert {f"namespace/many-{number}" for number in range(20)} <= set(listed)
    assert commit != newest


def test_gitea_is_restarted_in_the_middle(team: Team) -> None:
    request = team.propose("restart", "feat: restart", lambda: team.add_namespace("restart"))
    team.report(request)
    commit = team.merge(request)
    eventually(lambda: team.sandbox.admin.runs("reconcile.yaml", commit=commit), "the run")
    server = find(team.sandbox.service.server.unit)
    assert server is not None
    _kill(server)
    team.restart()
    if team.ended("reconcile.yaml", commit).conclusion != "success":
        # Gitea gave the job up that it had lost sight of; whoever sees that starts it again.
        team.run_by_hand("reconcile.yaml", {})
    assert team.having("namespace", "restart") == list(STACKS)


def test_a_token_is_revoked_and_another_one_goes_on(team: Team) -> None:
    request = team.propose("revoked", "feat: revoked", lambda: team.add_namespace("revoked"))
    team.statuses(team.head(request), (*STACKS, "data-loss"))
    with revoked(team) as token:
        run = team.ended("reconcile.yaml", team.merge(request))
        said = team.sandbox.log(run)
        assert run.conclusion == "failure"
        assert "fatal: could not read Username" in said
        assert token not in said
    assert team.having("namespace", "revoked") == []
    team.run_by_hand("reconcile.yaml", {})
    assert team.having("namespace", "revoked") == list(STACKS)


@contextmanager
def revoked(team: Team) -> Iterator[str]:
    """Have the pipeline go on with a token that was revoked; give it the good one afterwards."""
    gitea, service = team.sandbox.admin, team.sandbox.service
    token = service.bot_token_file.read_text()
    plan = BootstrapPlan(checks=CHECKS)
    deque(apply(gitea, plan, keep_token=service.bot_token_file.write_text, renew_token=True), 0)
    path = gitea.path("actions", "secrets", BOT_TOKEN)
    gitea.connection.call("PUT", path, body={"data": token})
    try:
        yield token
    finally:
        team.clone.sluice(
            *("bootstrap", "gitea", "--secret", BOT_TOKEN),
            GITEA_TOKEN_FILE=str(service.server.token_file),
            SLUICE_TOKEN_FILE=str(service.bot_token_file),
        )


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return
