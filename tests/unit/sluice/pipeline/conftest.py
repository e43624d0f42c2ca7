"""A Gitea that keeps in memory what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from sluice.errors import GiteaError
from sluice.gitea.records import PullRequest, State


@dataclass
class FakeGitea:
    """The part of `Gitea` that reports and reviews use."""

    name: str = "infrastructure"
    url: str = "https://git.example.com/raibid/infrastructure"
    connection: Any = field(
        default_factory=lambda: SimpleNamespace(server="https://git.example.com")
    )
    requests: dict[int, PullRequest] = field(default_factory=dict)
    packages: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    comments: dict[tuple[int, str], str] = field(default_factory=dict)
    told: dict[str, tuple[State, str]] = field(default_factory=dict)

    def pull_request(self, number: int) -> PullRequest:
        return self.requests[number]

    def pull_request_of(self, commit: str) -> PullRequest | None:
        return next((r for r in self.requests.values() if r.merge_commit == commit), None)

    def comment(self, number: int, marker: str, body: str) -> str:
        self.comments[number, marker] = body
        return f"{self.url}/pulls/{number}#issuecomment-1"

    def set_status(
        self, commit: str, context: str, state: State, description: str, url: str = ""
    ) -> None:
        assert len(commit) == 40
        assert url
        self.told[context] = (state, description)

    def upload_package(self, name: str, version: str, file: str, content: bytes) -> str:
        self.packages[name, version, file] = content
        return f"https://git.example.com/packages/{file}"

    def download_package(self, name: str, version: str, file: str) -> bytes:
        try:
            return self.packages[name, version, file]
        except KeyError:
            raise GiteaError("it is not there", status=404) from None


def a_request(head: str, *labels: str, number: int = 7, merge: str = "") -> PullRequest:
    """A pull request that stands at a commit, or was merged as another one."""
    return PullRequest(
        *(number, "title", "", "closed" if merge else "open", bool(merge), merge, "branch", head),
        *("raibid/infrastructure", "main", "ada", labels, "https://git.example.com/pulls/7"),
        from_fork=False,
    )


@pytest.fixture
def gitea() -> FakeGitea:
    return FakeGitea()
