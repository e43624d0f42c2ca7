"""A Gitea that is a dictionary: it answers as Gitea 1.26 does, and misbehaves on request."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

SERVER = "https://git.example.com/sub"
API = "/api/v1/repos/raibid/infrastructure"
BOT = "sluice-bot"
TOKEN = "s3cr3t"  # noqa: S105 - no server knows it

Answer = tuple[int, Any]
Handler = Callable[[dict[str, Any]], Answer]


@dataclass
class FakeGitea:
    """Handlers by method and path below the repository's API.

    Attributes:
        sent: what was asked, as `METHOD /path`.
        hide: the next answers to these requests get lost after the fact, as a 502.
        refuse: the next connections are refused, before anything is sent.

    """

    handlers: dict[str, Handler] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hide: list[str] = field(default_factory=list)
    refuse: int = 0

    def on(self, request: str, handler: Handler | Answer) -> None:
        """Answer a request, given as `METHOD /path`."""
        self.handlers[request] = handler if callable(handler) else lambda _: handler

    def request(
        self, method: str, url: str, *, body: bytes | None, headers: dict[str, str], **_: Any
    ) -> urllib3.HTTPResponse:
        """Stand in for urllib3's pool."""
        parts = urlsplit(url.removeprefix(SERVER))
        what = f"{method} {parts.path.removeprefix(API)}"
        if self.refuse:
            self.refuse -= 1
            raise urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]
        self.sent.append(what)
        self.headers.append(headers)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        handler = self.handlers.get(what, lambda _: (404, {"message": "not found"}))
        given = {"query": query, "raw": body}
        if body is not None and headers["Content-Type"] == "application/json":
            given |= json.loads(body)
        status, content = handler(given)
        if what in self.hide:
            self.hide.remove(what)
            status, content = 502, b"Bad Gateway"
        return _response(status, content, query)

    def count(self, method: str) -> int:
        """How many requests of a method were sent."""
        return sum(what.startswith(f"{method} ") for what in self.sent)

    def keep_comments(self, number: int) -> list[dict[str, Any]]:
        """Answer for the comments of a pull request; return them, as they are kept."""
        kept: list[dict[str, Any]] = []
        ids = itertools.count(1)

        def create(given: dict[str, Any]) -> Answer:
            comment = comment_form(next(ids), given["body"])
            kept.append(comment)

            def edit(given: dict[str, Any]) -> Answer:
                comment["body"] = given["body"]
                return 200, comment

            def delete(_: dict[str, Any]) -> Answer:
                kept.remove(comment)
                return 204, b""

            self.on(f"PATCH /issues/comments/{comment['id']}", edit)
            self.on(f"DELETE /issues/comments/{comment['id']}", delete)
            return 201, comment

        self.on("GET /api/v1/user", (200, {"login": BOT}))
        self.on(f"GET /issues/{number}/comments", lambda _: (200, list(kept)))
        self.on(f"POST /issues/{number}/comments", create)
        return kept


def comment_form(number: int, body: str, author: str = BOT) -> dict[str, Any]:
    """A comment as Gitea writes it."""
    return {
        "id": number,
        "body": body,
        "user": {"login": author, "id": 2},
        "html_url": f"{SERVER}/raibid/infrastructure/pulls/1#issuecomment-{number}",
        "created_at": "2026-01-01T00:00:00Z",
    }


def pull_request_form(number: int, **changes: Any) -> dict[str, Any]:
    """A pull request as Gitea writes it."""
    repository = {"full_name": "raibid/infrastructure"}
    return {
        "number": number,
        "title": "Add monitoring",
        "body": "",
        "state": "open",
        "merged": False,
        "merge_commit_sha": None,
        "user": {"login": "ada"},
        "labels": [],
        "html_url": f"{SERVER}/raibid/infrastructure/pulls/{number}",
        "head": {"ref": "monitoring", "sha": "a" * 40, "repo": repository},
        "base": {"ref": "main", "sha": "b" * 40, "repo": repository},
        **changes,
    }


def _response(status: int, content: Any, query: dict[str, str]) -> urllib3.HTTPResponse:
    headers = {}
    if isinstance(content, list):
        headers["X-Total-Count"] = str(len(content))
        start = (int(query.get("page", 1)) - 1) * int(query.get("limit", 50))
        content = content[start : start + int(query.get("limit", 50))]
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urllib3.HTTPResponse(io.BytesIO(data), headers, status, preload_content=False)
