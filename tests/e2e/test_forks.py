"""A fork's pull request: its code is run without a secret, a cluster or a state, after approval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import requests
from urllib3.util import make_headers

from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from tests.e2e.team import SECONDS
from tests.gitea_sandbox import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice.gitea.records import Run
    from tests.e2e.team import Team

USER = "mallory"
PASSWORD = "a-password-for-tests"  # noqa: S105 - a user of this test alone
# What a job would have to print if it had been given one.
STEAL = """
import os, pathlib, sys
names = ("SLUICE_KUBECONFIG", "GITEA_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "KUBECONFIG")
print("GIVEN:", sorted(name for name in names if os.environ.get(name)), file=sys.stderr)
"""


@pytest.fixture
def fork(team: Team) -> Iterator[Gitea]:
    """A fork of the repository by somebody who may not push to it; both are removed."""
    admin = team.sandbox.admin.connection
    account = {"username": USER, "email": "m@example.com", "password": PASSWORD}
    account["must_change_password"] = False  # type: ignore[assignment]
    admin.call("POST", "/admin/users", body=account)
    basic = make_headers(basic_auth=f"{USER}:{PASSWORD}")["authorization"]
    connection = Connection(admin.server, basic)
    reader = team.sandbox.admin.path("collaborators", USER)
    admin.call("PUT", reader, body={"permission": "read"})
    connection.call("POST", team.sandbox.admin.path("forks"), body={})
    yield Gitea(connection, USER, team.sandbox.admin.name)
    admin.call("DELETE", f"/admin/users/{USER}?purge=true")


def test_a_forks_preview_is_made_offline_and_given_nothing(team: Team, fork: Gitea) -> None:
    team.start()
    team.add_namespace("forked")
    team.replace("stacks/base.py", "class Platform", f"{STEAL}\n\nclass Platform")
    team.clone.git("add", "--all")
    team.clone.git("commit", "--quiet", "--message", "feat: trust me")
    commit = team.clone.git("rev-parse", "HEAD")
    authorization = fork.connection.api.default_headers["Authorization"]
    theirs = {
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {authorization}",
    }
    stranger = replace(team.clone, environment={**team.clone.environment, **theirs})
    stranger.git("push", "--quiet", fork.url, "HEAD:refs/heads/trust-me")
    body = {"head": f"{USER}:trust-me", "base": "main", "title": "feat: trust me"}
    answer = fork.connection.call("POST", team.sandbox.admin.path("pulls"), body=body).json()
    number = answer["number"]

    def waiting() -> Run | None:
        runs = team.sandbox.admin.runs("preview.yaml", commit=commit)
        return runs[0] if runs else None

    run = eventually(waiting, "the fork's run", SECONDS)
    assert run.status in ("waiting", "blocked", "queued", "pending", "action_required")
    _approve(team, run)

    def ended() -> Run | None:
        found = team.sandbox.admin.run(run.id)
        return found if found.finished else None

    log = team.sandbox.log(eventually(ended, "the end of the fork's run", SECONDS))
    assert "offline" in log
    assert "forked" in log
    assert "GIVEN: []" in log or "GIVEN" not in log
    assert not team.sandbox.admin.comments(number)
    assert not [
        each for each in team.sandbox.admin.statuses(commit) if each.context.startswith("sluice/")
    ]
    fork.connection.call(
        "PATCH", team.sandbox.admin.path("pulls", number), body={"state": "closed"}
    )


def _approve(team: Team, run: Run) -> None:
    """Approve a run as people do, on its page: the API cannot."""
    server, admin = team.sandbox.service.server, team.sandbox.admin
    session = requests.Session()
    credentials = {"user_name": "raibid-admin", "password": server.password_file.read_text()}
    session.post(f"{server.url}/user/login", data=credentials, timeout=10).raise_for_status()
    page = f"{admin.url}/actions/runs/{run.id}/approve"
    answer = session.post(page, headers={"Sec-Fetch-Site": "same-origin"}, timeout=10)
    answer.raise_for_status()
