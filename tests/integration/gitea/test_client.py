"""The client against the real server: what it writes is there once, whoever writes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sluice.errors import GiteaError
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from sluice.stack.tool_environment import SANDBOX_PASSPHRASE
from tests.gitea_sandbox import GiteaSandbox


def another(gitea: Gitea) -> Gitea:
    """The same repository by connections of its own, as another process has them."""
    authorization = gitea.connection.api.default_headers["Authorization"]
    server = gitea.connection.server
    return Gitea(Connection(server, authorization), gitea.owner, gitea.name)


def test_a_pull_request_from_its_branch_to_its_merge(gitea: GiteaSandbox, tmp_path: Path) -> None:
    clone, bot = gitea.clone(tmp_path / "clone"), gitea.bot
    clone.write("monitoring.yaml", "kind: Namespace\n")
    commit = clone.push("monitoring", "Add monitoring")
    proposal = {"head": "monitoring", "base": "main", "title": "Add monitoring"}

    with ThreadPoolExecutor() as pool:
        opened = list(
            pool.map(lambda body: another(bot).propose(**proposal, body=body), ("a", "b", "c"))
        )
    assert len({request.number for request in opened}) == 1
    request = bot.propose(**proposal, body="why", labels=("sluice/allow-data-loss", "new"))
    assert (request.body, request.head_commit, request.from_fork) == ("why", commit, False)
    assert set(request.labels) == {"sluice/allow-data-loss", "new"}
    assert [found.number for found in bot.pull_requests(head="monitoring")] == [request.number]

    with ThreadPoolExecutor() as pool:
        list(
            pool.map(
                lambda text: another(bot).comment(request.number, "preview", text),
                [f"report {number}" for number in range(6)],
            )
        )
    url = bot.comment(request.number, "preview", "the last report")
    (comment,) = bot.comments(request.number)
    assert comment.body == "<!-- sluice:preview -->\nthe last report"
    assert (comment.author, comment.url) == ("sluice-bot", url)

    for state in ("pending", "warning", "warning"):
        bot.set_status(commit, "sluice/dev", state, "2 created", gitea.service.url)  # type: ignore[arg-type]
    (status,) = bot.statuses(commit)
    assert (status.state, status.context, status.url) == (
        "warning",
        "sluice/dev",
        gitea.service.url,
    )

    merged = gitea.admin.merge(request.number)
    found = bot.pull_request_of(merged.merge_commit)
    assert found is not None
    assert (found.number, found.merged) == (request.number, True)
    assert bot.pull_request_of(commit) is None


def test_statuses_beyond_a_page_are_all_read(gitea: GiteaSandbox, tmp_path: Path) -> None:
    clone = gitea.clone(tmp_path / "clone")
    clone.push("talk", "talk")
    request = gitea.bot.propose(head="talk", base="main", title="talk", body="")
    for context in range(60):
        gitea.bot.set_status(request.head_commit, f"c/{context}", "success", "")
    assert len(gitea.bot.statuses(request.head_commit)) == 60


def test_a_report_is_kept_as_a_package(gitea: GiteaSandbox) -> None:
    for content in (b"<html>1", b"<html>2", b"<html>2"):
        url = gitea.bot.upload_package("reports", "7", "report.html", content)
    assert gitea.bot.download_package("reports", "7", "report.html") == b"<html>2"
    assert url.startswith(gitea.service.server.url)


def test_a_token_that_lacks_a_scope_is_told_which(gitea: GiteaSandbox) -> None:
    with pytest.raises(GiteaError, match="the token lacks the scope read:organization"):
        gitea.bot.connection.call("GET", "/orgs/raibid")


def test_a_workflow_runs_by_hand_and_its_log_is_read(gitea: GiteaSandbox, tmp_path: Path) -> None:
    clone = gitea.clone(tmp_path / "clone")
    clone.write(
        ".gitea/workflows/hello.yaml",
        """\
        on:
          workflow_dispatch:
            inputs:
              who: {type: string, required: true}
        jobs:
          hello:
            runs-on: ubuntu-latest
            steps:
              - env: {WHO: "${{ inputs.who }}"}
                run: |
                  echo "hello $WHO, volume ${{ vars.SLUICE_VOLUME }}"
                  python3 --version && git --version
                  env | cut -d= -f1 | sort
                  test -n "${{ secrets.KUBECONFIG_UP }}"
        """,
    )
    clone.push("hello")
    request = gitea.admin.propose(head="hello", base="main", title="hello", body="")
    gitea.admin.merge(request.number)
    run = gitea.bot.dispatch("hello.yaml", "main", {"who": "Ada; exit 1"})
    ended = gitea.finished_run("hello.yaml")
    log = gitea.log(ended)
    assert (ended.id, ended.conclusion) == (run.id, "success"), log
    lines = [line.partition(" ")[2] for line in log.splitlines()]
    # The sandbox's passphrase is a secret's value, and so masked wherever it stands.
    volume = str(gitea.service.volume).replace(SANDBOX_PASSPHRASE, "***")
    assert f"hello Ada; exit 1, volume {volume}" in lines, log
    assert "PATH" in lines
    assert not {"KUBECONFIG", "GITEA_TOKEN", "PULUMI_CONFIG_PASSPHRASE"} & set(lines)
