"""Errors as sentences, tries again where that can do no harm, pages."""

from __future__ import annotations

import ssl
import traceback

import pytest
import urllib3

from sluice.errors import GiteaError, PassingGiteaError
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection
from tests.unit.sluice.fake_gitea import SERVER, TOKEN, FakeGitea, comment_form


def test_a_list_is_read_page_after_page(server: FakeGitea, gitea: Gitea) -> None:
    server.on("GET /issues/1/comments", (200, [comment_form(n, str(n)) for n in range(120)]))
    assert [comment.id for comment in gitea.comments(1)] == list(range(120))
    assert server.count("GET") == 3


def test_the_scope_that_a_token_lacks_is_named(server: FakeGitea, gitea: Gitea) -> None:
    message = (
        "token does not have at least one of required scope(s), "
        "required=[write:issue], token scope=read:repository"
    )
    server.on("GET /issues/1/comments", (403, {"message": message}))
    with pytest.raises(GiteaError, match="the token lacks the scope write:issue; make one"):
        gitea.comments(1)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "the token is not valid"),
        (403, "the token's user may not do that"),
        (404, "it is not there, or the token's user may not see it"),
        (422, "HTTP 422, nonsense"),
    ],
)
def test_a_refusal_says_what_to_do_and_keeps_its_status(
    server: FakeGitea, gitea: Gitea, status: int, sentence: str
) -> None:
    server.on("GET /pulls/1", (status, {"message": "nonsense"}))
    with pytest.raises(GiteaError, match=sentence) as raised:
        gitea.pull_request(1)
    assert raised.value.status == status
    assert server.count("GET") == 1


def test_reading_is_tried_again_while_the_server_is_busy(server: FakeGitea, gitea: Gitea) -> None:
    answers = iter([(503, b"no"), (502, b"no"), (200, [])])
    server.on("GET /issues/1/comments", lambda _: next(answers))
    assert gitea.comments(1) == []


def test_a_server_that_stays_down_is_an_error_after_some_tries(
    server: FakeGitea, gitea: Gitea
) -> None:
    server.refuse = 1000
    with pytest.raises(PassingGiteaError, match=r"https://git.example.com/sub cannot be reached"):
        gitea.comments(1)
    assert server.refuse == 1000 - 7


def test_starting_a_workflow_is_never_sent_twice(server: FakeGitea, gitea: Gitea) -> None:
    server.on("POST /actions/workflows/drift.yaml/dispatches", (504, b"too late"))
    with pytest.raises(PassingGiteaError, match="answers 504"):
        gitea.dispatch("drift.yaml", "main")
    assert server.count("POST") == 1


def test_what_was_never_sent_is_sent_again(server: FakeGitea, gitea: Gitea) -> None:
    server.on("POST /actions/workflows/drift.yaml/dispatches", (200, {"workflow_run_id": 7}))
    server.on("GET /actions/runs/7", (200, {"id": 7, "status": "queued", "path": "drift.yaml@x"}))
    server.refuse = 2
    assert gitea.dispatch("drift.yaml", "main").workflow == "drift.yaml"


def test_the_token_is_in_a_header_and_in_no_error(server: FakeGitea, gitea: Gitea) -> None:
    server.on("GET /pulls/1", (500, {"message": f"panic: {TOKEN}"}))
    with pytest.raises(GiteaError) as raised:
        gitea.pull_request(1)
    assert server.headers[-1]["Authorization"] == f"token {TOKEN}"
    assert TOKEN not in "".join(traceback.format_exception(raised.value))


def test_an_authority_of_ones_own_is_asked_for_by_name() -> None:
    class Untrusting:
        def request(self, *_: object, **__: object) -> None:
            raise urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed"))

    connection = Connection(SERVER, pause=0)
    connection.api.rest_client.pool_manager = Untrusting()
    with pytest.raises(GiteaError, match="set SSL_CERT_FILE to that authority's file"):
        connection.call("GET", "/version")


def test_loopback_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    near, far = Connection("http://localhost:3000"), Connection("https://git.example.com")
    assert getattr(near.api.rest_client.pool_manager, "proxy", None) is None
    assert far.api.rest_client.pool_manager.proxy.host == "proxy.example.com"
