"""What is missing is made, what differs is repaired, what is in order is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.commands.bootstrap import bootstrap
from sluice.gitea.bootstrap import apply
from sluice.gitea.bootstrap_plan import LABELS, BootstrapPlan, LabelPlan, Outcome
from sluice.gitea.client import Gitea
from sluice.pipeline.report import DATA_LOSS
from sluice.report.comment import LABEL as LABEL_OF_REPORT
from tests.unit.sluice.fake_gitea import Answer, FakeGitea

KEY = "ssh-ed25519 AAAAC3Nza ada@example.com"
LABEL = LabelPlan("sluice/allow-data-loss", "#b60205", "what holds data")
PLAN = BootstrapPlan(
    secrets={"SLUICE_TOKEN": "t0ken", "KUBECONFIG_UP": "kind: Config"},
    variables={"REGION": "eu"},
    labels=(LABEL,),
    deploy_key=KEY,
)


@pytest.fixture
def writes(server: FakeGitea) -> dict[str, dict[str, Any]]:
    """What is written, by request; everything that is asked for is in order at first."""
    written: dict[str, dict[str, Any]] = {}

    def write(request: str, status: int = 201) -> None:
        def handle(given: dict[str, Any]) -> Answer:
            written[request] = given
            return status, {"id": 1, "name": "x"}

        server.on(request, handle)

    protection = {
        "enable_push": True,
        "enable_push_whitelist": True,
        "push_whitelist_usernames": ["sluice-bot"],
        "enable_force_push": False,
        "enable_status_check": False,
        "status_check_contexts": None,
        "required_approvals": 0,
        "dismiss_stale_approvals": True,
        "block_on_rejected_reviews": True,
    }
    units = {"has_actions": True, "has_pull_requests": True, "has_issues": True}
    secrets = [{"name": "SLUICE_TOKEN"}, {"name": "KUBECONFIG_UP"}]
    label = {"id": 4, "name": LABEL.name, "color": "b60205", "description": LABEL.description}
    answers: dict[str, Any] = {
        "/api/v1/users/raibid": {},
        "/api/v1/users/sluice-bot": {},
        "/api/v1/orgs/raibid": {},
        "": units,
        "/api/v1/orgs/raibid/teams": [{"id": 5, "name": "sluice-bot"}],
        "/api/v1/teams/5/members/sluice-bot": {},
        "/api/v1/teams/5/repos/raibid/infrastructure": {},
        "/branch_protections/main": protection,
        "/labels": [label],
        "/actions/secrets": secrets,
        "/actions/variables/REGION": {"name": "REGION", "data": "eu"},
        "/keys": [{"id": 6, "title": "sluice", "key": "ssh-ed25519 AAAAC3Nza"}],
        "/actions/runners": {"runners": [{"id": 1, "name": "one", "status": "online"}]},
    }
    for path, answer in answers.items():
        server.on(f"GET {path}", (200, answer))
    for request in (
        "PATCH ",
        "PATCH /branch_protections/main",
        "POST /branch_protections",
        "PATCH /labels/4",
        "PUT /actions/secrets/KUBECONFIG_UP",
        "PUT /actions/secrets/SLUICE_TOKEN",
        "PUT /actions/variables/REGION",
        "POST /actions/variables/REGION",
        "DELETE /keys/6",
        "POST /keys",
        "PUT /api/v1/teams/5/repos/raibid/infrastructure",
    ):
        write(request)
    return written


def outcomes(gitea: Gitea, plan: BootstrapPlan = PLAN) -> dict[str, Outcome]:
    return {result.subject: result.outcome for result in apply(gitea, plan)}


def test_what_is_in_order_is_left_alone(gitea: Gitea, writes: dict[str, dict[str, Any]]) -> None:
    assert set(outcomes(gitea).values()) == {"in order", "set"}
    assert set(writes) == {
        "PUT /actions/secrets/SLUICE_TOKEN",
        "PUT /actions/secrets/KUBECONFIG_UP",
    }


@pytest.mark.parametrize(
    ("path", "damaged", "subject", "repair"),
    [
        ("", {"has_actions": False}, "repository raibid/infrastructure", "PATCH "),
        (
            "/branch_protections/main",
            {"enable_push": True},
            "protection of main",
            "PATCH /branch_protections/main",
        ),
        (
            "/labels",
            [{"id": 4, "name": LABEL.name, "color": "ffffff"}],
            f"label {LABEL.name}",
            "PATCH /labels/4",
        ),
        (
            "/actions/variables/REGION",
            {"name": "REGION", "data": "us"},
            "variable REGION",
            "PUT /actions/variables/REGION",
        ),
        (
            "/keys",
            [{"id": 6, "title": "sluice", "key": "ssh-ed25519 AAAAother"}],
            "deploy key",
            "POST /keys",
        ),
    ],
)
def test_what_differs_is_repaired(
    server: FakeGitea,
    gitea: Gitea,
    writes: dict[str, dict[str, Any]],
    path: str,
    damaged: Any,
    subject: str,
    repair: str,
) -> None:
    server.on(f"GET {path}", (200, damaged))
    assert outcomes(gitea)[subject] == "repaired"
    assert repair in writes


def test_a_bot_that_lost_its_repository_gets_it_back(
    server: FakeGitea, gitea: Gitea, writes: dict[str, dict[str, Any]]
) -> None:
    server.on("GET /api/v1/teams/5/repos/raibid/infrastructure", (404, {"message": "no"}))
    assert outcomes(gitea)["team sluice-bot of raibid"] == "repaired"
    assert "PUT /api/v1/teams/5/repos/raibid/infrastructure" in writes


def test_checks_and_approvals_are_as_asked_for(
    server: FakeGitea, gitea: Gitea, writes: dict[str, dict[str, Any]]
) -> None:
    server.on("GET /branch_protections/main", (404, {"message": "no"}))
    plan = BootstrapPlan(
        secrets={"SLUICE_TOKEN": "t"}, labels=(), checks=("sluice/*",), approvals=2
    )
    assert outcomes(gitea, plan)["protection of main"] == "made"
    made = writes["POST /branch_protections"]
    assert made["rule_name"] == "main"
    assert (made["enable_status_check"], made["status_check_contexts"]) == (True, ["sluice/*"])
    assert made["required_approvals"] == 2


@pytest.mark.usefixtures("writes")
def test_a_runner_that_is_missing_is_told(server: FakeGitea, gitea: Gitea) -> None:
    server.on("GET /actions/runners", (200, {"runners": [], "total_count": 0}))
    assert outcomes(gitea)["runner"] == "missing"


def test_a_plan_shows_no_secret() -> None:
    assert "t0ken" not in repr(PLAN)


def test_the_label_and_the_status_are_the_ones_that_a_report_speaks_of() -> None:
    assert [label.name for label in LABELS] == [LABEL_OF_REPORT]
    option = next(each for each in bootstrap.commands["gitea"].params if each.name == "checks")
    assert option.default == (DATA_LOSS,)
