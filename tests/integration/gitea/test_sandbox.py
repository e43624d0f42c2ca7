"""The sandbox's Gitea: brought up twice, stopped, started again, its main branch protected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from sluice.checks.gitea import gitea_checks
from sluice.sandbox.gitea.service import Seed
from sluice.sandbox.processes.process import find
from sluice.sandbox.sandbox import Sandbox
from tests.gitea_sandbox import GiteaSandbox, eventually, seed


def again(box: Sandbox) -> Seed:
    """What the sandbox was filled with."""
    return seed(box, box.folder.parent / "checkout")


def test_everything_that_the_pipeline_needs_is_there(gitea: GiteaSandbox) -> None:
    assert all(check.ok for check in gitea_checks(gitea.admin))
    assert all(check.ok for check in gitea_checks(gitea.bot))
    labels = {label.name for label in gitea.admin.repository_labels()}
    assert "sluice/allow-data-loss" in labels
    index = gitea.bot.connection.call("GET", "/api/packages/raibid/helm/index.yaml").data.decode()
    assert "postgresql-12.12.10.tgz" in index


def test_nobody_but_the_bot_pushes_to_main(gitea: GiteaSandbox, tmp_path: Path) -> None:
    clone = gitea.clone(tmp_path / "clone")
    with pytest.raises(AssertionError, match="protected branch"):
        clone.push("main")


def test_up_again_changes_nothing_and_down_keeps_the_state(
    gitea: GiteaSandbox, programs: Path
) -> None:
    box, service = gitea.box, gitea.service
    files = (service.bot_token_file, service.server.token_file, service.server.password_file)
    before = [file.read_text() for file in files]
    url, pids = service.url, {row.program: row.pid for row in box.status()}

    protection = gitea.admin.path("branch_protections", "main")
    gitea.admin.connection.call("PATCH", protection, body={"required_approvals": 2})

    box.up(programs, (), gitea=again(box))
    rule = gitea.admin.connection.get(protection, dict[str, Any])
    gitea.admin.connection.call("PATCH", protection, body={"required_approvals": 0})
    assert rule["required_approvals"] == 2
    assert {row.program: row.pid for row in box.status()} == pids
    box.down()
    assert [row.pid for row in box.status()] == [None, None, None]
    box.up(programs, (), gitea=again(box))
    assert all(row.ready for row in box.status())
    assert [file.read_text() for file in files] == before
    assert service.url == url
    assert len(gitea.admin.runners()) == 1
    eventually(lambda: gitea.admin.runners()[0].online or None, "the runner")


def test_after_a_crash_what_is_missing_comes_back_and_nothing_runs_twice(
    gitea: GiteaSandbox, programs: Path
) -> None:
    box, service = gitea.box, gitea.service
    server, runner = find(service.server.unit), find(service.runner.unit)
    assert server is not None
    assert runner is not None
    server.kill()
    service.runner.unit.record.unlink()  # whoever started it died before it was written down

    box.up(programs, (), gitea=again(box))
    assert all(row.ready for row in box.status())
    assert not runner.is_running() or runner.status() == psutil.STATUS_ZOMBIE
    assert gitea.bot.statuses("main") == []
    assert len(gitea.admin.runners()) == 1
