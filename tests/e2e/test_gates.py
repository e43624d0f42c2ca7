"""What holds a change back: a failure before it, a missing approval, data that would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice.errors import GiteaError
from sluice.report.comment import LABEL
from tests.e2e.team import ALLOWED, STACKS
from tests.gitea_sandbox import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.team import Team

# The API server takes it, and there is no node for it.
BROKEN = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: broken, namespace: apps}
spec:
  selector: {matchLabels: {app: broken}}
  template:
    metadata: {labels: {app: broken}}
    spec:
      nodeSelector: {disk: none-has-it}
      containers: [{name: broken, image: broken:1}]
"""
OVERLAY = """
from components import Kustomization, KustomizationArgs, member
from stacks.base import Platform


class Staging(Platform):
    @member
    def broken(self) -> Kustomization:
        return Kustomization("broken", KustomizationArgs(path="infra/broken", timeout="10s"))
"""


def test_a_stack_that_fails_stops_those_that_follow_it(team: Team) -> None:
    def edit() -> None:
        team.add_namespace("next")
        team.clone.write("infra/broken/deployment.yaml", BROKEN)
        team.clone.write("stacks/staging.py", OVERLAY)

    request = team.propose("broken", "feat: what no node can run", edit)
    assert "Deployment apps/broken" in team.report(request)
    commit = team.merge(request)
    statuses = team.statuses(commit, ("dev", "staging"))
    assert (statuses["dev"].state, statuses["staging"].state) == ("success", "failure")
    run = team.ended("reconcile.yaml", commit)
    assert run.conclusion == "failure"
    assert "prod: not begun: it follows staging, which has to be healthy" in team.sandbox.log(run)
    assert "prod" not in team.having("namespace", "next")

    def undo() -> None:
        team.clone.git("revert", "--no-commit", "--mainline", "1", commit)

    request = team.propose("undo", "revert: what no node can run", undo)
    team.report(request)
    team.sandbox.admin.add_labels(request.number, [LABEL])
    statuses = team.statuses(team.merge(request))
    assert {statuses[stack].state for stack in STACKS} == {"success"}
    assert team.having("namespace", "next") == []


@pytest.fixture
def gate(team: Team) -> Iterator[str]:
    """A setting that puts a gate before a stack; it is taken out of main afterwards."""
    setting = "  infrastructure:approvers: [raibid-admin]\n"
    yield setting
    team.start()
    team.replace("stacks/Pulumi.prod.yaml", setting, "")
    team.push("chore: no gate before prod")


def test_production_waits_for_one_of_its_approvers(team: Team, gate: str) -> None:
    def edit() -> None:
        team.add_namespace("gated")
        team.replace("stacks/Pulumi.prod.yaml", "config:\n", f"config:\n{gate}")

    request = team.propose("gated", "feat: a gate before prod", edit)
    team.report(request)
    commit = team.merge(request)
    team.statuses(commit, ("dev", "staging"))
    admin = team.sandbox.admin

    def waiting() -> bool:
        return any(
            each.state == "pending"
            and f"raibid-admin comments `/approve prod` on #{request.number}" in each.description
            for each in admin.statuses(commit)
            if each.context == "sluice/prod"
        )

    assert eventually(waiting, "prod to wait")
    assert team.having("namespace", "gated") == ["dev", "staging"]
    admin.comment(request.number, "approval", "/approve prod")
    assert team.statuses(commit)["prod"].state == "success"
    assert "prod" in team.having("namespace", "gated")


def test_what_holds_data_is_deleted_only_with_the_label(team: Team) -> None:
    assert team.having("namespace", "queue") == list(STACKS)

    def remove() -> None:
        (team.clone.root / "infra/manifests/queue.yaml").unlink()

    request = team.propose("remove", "feat: no queue any more", remove)
    assert "Namespace queue" in team.report(request)
    commit = team.head(request)
    assert team.statuses(commit, ("data-loss",))["data-loss"].state == "failure"
    with pytest.raises(GiteaError, match="Not all required status checks successful"):
        team.sandbox.admin.merge(request.number)
    team.sandbox.admin.add_labels(request.number, [LABEL])

    def allowed() -> bool:
        return team.statuses(commit, ("data-loss",))["data-loss"].state == "success"

    assert eventually(allowed, "the label to count")
    team.statuses(team.merge(request))
    assert team.having("namespace", "queue") == []


def test_a_push_past_every_review_loses_no_data(team: Team) -> None:
    (team.clone.root / "infra/manifests/old.yaml").unlink()
    commit = team.push("chore: nothing old")
    assert team.statuses(commit, ("dev",))["dev"].state == "failure"
    assert "dev" in team.having("namespace", "old")
    log = team.sandbox.log(team.ended("reconcile.yaml", commit))
    assert "would delete Namespace old, which loses data" in log
    assert f"{commit[:7]} was pushed without a pull request" in log

    team.statuses(team.push(f"chore: it may go\n\n{ALLOWED}"))
    assert team.having("namespace", "old") == []
