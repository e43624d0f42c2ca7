"""What `sluice check` says of Gitea and of the token."""

from __future__ import annotations

import pytest

from sluice.checks.gitea import gitea_checks, scopes_of
from sluice.gitea.bootstrap_plan import BOT_SCOPES
from sluice.gitea.client import Gitea
from tests.unit.sluice.fake_gitea import FakeGitea

ADMIN = "GET /api/v1/admin/users"


def refuse(server: FakeGitea, scopes: str) -> None:
    message = (
        "token does not have at least one of required scope(s), "
        f"required=[read:admin], token scope={scopes}"
    )
    server.on(ADMIN, (403, {"message": message}))


def serve(server: FakeGitea, *, admin: bool = False, push: bool = True) -> None:
    server.on("GET /api/v1/version", (200, {"version": "1.26.4"}))
    server.on("GET ", (200, {"permissions": {"admin": admin, "push": push}}))
    server.on("GET /branch_protections", (200, [{"rule_name": "main"}]))
    runners = [{"id": 1, "name": "one", "status": "offline"}]
    server.on("GET /actions/runners", (200, {"runners": runners, "total_count": 1}))


@pytest.mark.parametrize("scopes", ["write:issue,write:repository", "read:repository"])
def test_a_tokens_scopes_are_told_by_a_refusal(
    server: FakeGitea, gitea: Gitea, scopes: str
) -> None:
    refuse(server, scopes)
    assert scopes_of(gitea.connection) == frozenset(scopes.split(","))


def test_a_token_that_nothing_is_refused_to_has_all(server: FakeGitea, gitea: Gitea) -> None:
    server.on(ADMIN, (200, []))
    server.on("GET /api/v1/notifications", (200, []))
    assert scopes_of(gitea.connection) is None


def test_a_scope_that_is_missing_is_named(server: FakeGitea, gitea: Gitea) -> None:
    serve(server)
    refuse(server, "write:issue,write:repository,read:user")
    wrong = [check.message for check in gitea_checks(gitea) if check.ok is False]
    assert wrong == ["the token lacks the scope write:package"]


def test_the_bots_token_is_in_order(server: FakeGitea, gitea: Gitea) -> None:
    serve(server)
    refuse(server, ",".join(BOT_SCOPES))
    assert all(check.ok for check in gitea_checks(gitea))


def test_an_owner_is_told_that_no_runner_is_online(server: FakeGitea, gitea: Gitea) -> None:
    serve(server, admin=True)
    refuse(server, ",".join(BOT_SCOPES))
    told = [check.message for check in gitea_checks(gitea) if check.ok is None]
    assert told == ["none of the repository's 1 runners is online"]


def test_a_server_that_refuses_the_token_is_wrong(server: FakeGitea, gitea: Gitea) -> None:
    server.on("GET /api/v1/version", (401, {"message": "token is revoked"}))
    (check,) = gitea_checks(gitea)
    assert (check.ok, "the token is not valid" in check.message) == (False, True)
