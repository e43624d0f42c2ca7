"""The guide's story, step by step, on a real Gitea, its real runner and real clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.team import ALLOWED, STACKS

if TYPE_CHECKING:
    from tests.e2e.team import Team


def test_a_merged_pull_request_reaches_one_cluster_after_the_other(team: Team) -> None:
    request = team.propose(
        "add-monitoring",
        "feat: add Prometheus monitoring",
        lambda: team.add_namespace("monitoring"),
    )
    report = team.report(request)
    assert all(stack in report for stack in STACKS)
    assert "monitoring" in report
    previewed = team.statuses(team.head(request), (*STACKS, "data-loss"))
    assert {each.state for each in previewed.values()} == {"success"}
    assert previewed["dev"].description == "1 to create"
    assert team.having("namespace", "monitoring") == []

    deployed = team.statuses(team.merge(request))
    assert {stack: deployed[stack].state for stack in STACKS} == dict.fromkeys(STACKS, "success")
    made = [
        team.live(f"{stack}-cluster", "namespace", "monitoring")["metadata"]["creationTimestamp"]
        for stack in STACKS
    ]
    assert made == sorted(made)


def test_a_push_to_a_pull_request_changes_its_one_comment(team: Team) -> None:
    request = team.propose("scale", "feat: two agents", lambda: team.scale("dev", 1, 2))
    assert "spec.replicas" in team.report(request)
    team.scale("dev", 2, 3)
    team.clone.push("scale", "feat: three agents")
    report = team.report(request)
    assert team.head(request)[:7] in report
    statuses = team.statuses(team.head(request))
    # Several replicas have a disruption budget.
    assert statuses["dev"].description == "1 to create, 1 to update"
    assert statuses["prod"].description == "nothing to do"


def test_an_image_is_changed_in_a_commit_and_rolled_out(team: Team) -> None:
    def update() -> None:
        team.replace("stacks/base.py", "my-app:1.0.0", "my-app:1.1.0")

    request = team.propose("update", "feat: update my-app to 1.1.0", update)
    assert "<code>1.0.0</code> → <code>1.1.0</code>" in team.report(request)
    team.statuses(team.merge(request))
    for stack in STACKS:
        live = team.live(f"{stack}-cluster", "deployment", "my-app", "apps")
        (container,) = live["spec"]["template"]["spec"]["containers"]
        assert container["image"] == "gitea.local/raibid/my-app:1.1.0"
        assert live["status"]["readyReplicas"] == live["spec"]["replicas"]


def test_a_merge_is_reverted(team: Team) -> None:
    merged = team.deliver("team", "feat: a namespace", lambda: team.add_namespace("team"))
    assert team.having("namespace", "team") == list(STACKS)
    team.start()
    team.clone.git("revert", "--no-commit", "--mainline", "1", merged)
    team.statuses(team.push(f"revert: a namespace\n\n{ALLOWED}"))
    assert team.having("namespace", "team") == []


def test_what_is_suspended_keeps_an_emergency_fix_until_it_is_resumed(team: Team) -> None:
    inputs = {"stack": "dev", "component": "my-app", "reason": "the queue is long"}
    team.run_by_hand("suspend.yaml", {"action": "suspend", **inputs})
    team.start()
    assert "the queue is long" in (team.clone.root / "stacks/Pulumi.dev.yaml").read_text()

    team.kubectl("dev-cluster", "scale", "deployment/my-app", "--replicas=5", "--namespace=apps")
    team.add_namespace("other")
    team.statuses(team.push("feat: another namespace"))
    assert team.having("namespace", "other") == list(STACKS)
    assert team.replicas("dev") == 5

    team.run_by_hand("suspend.yaml", {"action": "resume", **inputs})
    assert team.replicas("dev") == 1


def test_drift_is_found_by_the_scheduled_job(team: Team) -> None:
    team.kubectl("dev-cluster", "scale", "deployment/my-app", "--replicas=5", "--namespace=apps")
    run = team.run_by_hand("drift.yaml", {}, conclusion="failure")
    assert "spec.replicas" in team.sandbox.log(run)
    team.kubectl("dev-cluster", "scale", "deployment/my-app", "--replicas=1", "--namespace=apps")


def test_a_stack_goes_back_by_a_pull_request(team: Team) -> None:
    team.scale("dev", 1, 4)
    team.statuses(team.push("feat: four agents"), ("dev",))
    assert team.replicas("dev") == 4
    inputs = {"stack": "dev", "to": "last-good", "how": "pull-request"}
    team.run_by_hand("rollback.yaml", inputs)
    (request,) = [
        each
        for each in team.sandbox.admin.pull_requests()
        if each.head_branch.startswith("rollback/dev-")
    ]
    assert request.title.startswith("revert(dev): back to deployment ")
    team.report(request)
    commit = team.merge(request)
    team.statuses(commit)
    assert team.replicas("dev") == 1
    log = team.sandbox.log(team.ended("reconcile.yaml", commit))
    for stack in ("staging", "prod"):
        assert f"{stack}: unchanged at {commit[:7]}: the same as it was deployed" in log
