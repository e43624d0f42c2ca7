"""The sandbox's Gitea: brought up twice, stopped, started again, its main branch protected."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluice.gitea.checks import gitea_checks
from sluice.sandbox import Seed
from sluice.surroundings import SANDBOX_PASSPHRASE
from tests.gitea_sandbox import GiteaSandbox, eventually


def test_everything_that_the_pipeline_needs_is_there(gitea: GiteaSandbox) -> None:
    assert all(check.ok for check in gitea_checks(gitea.admin))
    assert all(check.ok for check in gitea_checks(gitea.bot))
    labels = {label.name for label in gitea.admin.repository_labels()}
    assert {"sluice/allow-deletion", "sluice/promote-prod"} <= labels
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
    checkout = box.folder.parent / "checkout"
    seed = Seed(checkout, box.kubeconfig, checkout / ".sluice", SANDBOX_PASSPHRASE)

    box.up(programs, (), gitea=seed)
    assert {row.program: row.pid for row in box.status()} == pids
    box.down()
    assert [row.pid for row in box.status()] == [None, None, None]
    box.up(programs, (), gitea=seed)
    assert all(row.ready for row in box.status())
    assert [file.read_text() for file in files] == before
    assert service.url == url
    assert len(gitea.admin.runners()) == 1
    eventually(lambda: gitea.admin.runners()[0].online or None, "the runner")
