"""What Gitea answers, parsed once into typed records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

__all__ = [
    "Comment",
    "Job",
    "Label",
    "PullRequest",
    "PullRequestForm",
    "Review",
    "Run",
    "Runner",
    "State",
    "Status",
    "Step",
    "User",
]

State = Literal["pending", "success", "failure", "error", "warning", "skipped"]
"""What a commit status can say."""


class User(msgspec.Struct, frozen=True):
    """An account."""

    login: str = ""


class Label(msgspec.Struct, frozen=True):
    """A label of the repository."""

    id: int
    name: str
    color: str = ""
    description: str = ""


class Status(msgspec.Struct, frozen=True):
    """A commit's status in one context."""

    state: State = msgspec.field(name="status")
    context: str
    description: str = ""
    url: str = msgspec.field(name="target_url", default="")


class Comment(msgspec.Struct, frozen=True):
    """A comment on an issue or a pull request."""

    id: int
    body: str
    user: User
    url: str = msgspec.field(name="html_url", default="")
    created_at: datetime | None = None

    @property
    def author(self) -> str:
        """Who wrote it."""
        return self.user.login


class Review(msgspec.Struct, frozen=True):
    """A review of a pull request.

    Attributes:
        official: whether the reviewer is one whose approval counts for the protected branch.
        stale: whether the pull request changed since.

    """

    id: int
    state: str
    user: User | None = None
    commit_id: str = ""
    official: bool = False
    stale: bool = False
    dismissed: bool = False
    submitted_at: datetime | None = None

    @property
    def author(self) -> str:
        """Who reviewed."""
        return self.user.login if self.user else ""


class _Named(msgspec.Struct, frozen=True):
    full_name: str = ""


class _Branch(msgspec.Struct, frozen=True):
    ref: str = ""
    sha: str = ""
    repo: _Named | None = None


@dataclass(frozen=True)
class PullRequest:
    """A pull request.

    Attributes:
        state: `open` or `closed`.
        merge_commit: the commit that it became, empty before it is merged.
        head_repository: where its branch is, as owner/name; empty where that is gone.
        from_fork: whether that is another repository: its code is not trusted.
        url: its page.

    """

    number: int
    title: str
    body: str
    state: str
    merged: bool
    merge_commit: str
    head_branch: str
    head_commit: str
    head_repository: str
    base_branch: str
    author: str
    labels: tuple[str, ...]
    url: str
    from_fork: bool


class PullRequestForm(msgspec.Struct, frozen=True):
    """A pull request as Gitea writes it."""

    number: int
    title: str
    state: str
    head: _Branch
    base: _Branch
    body: str = ""
    merged: bool = False
    merge_commit_sha: str | None = None
    user: User | None = None
    labels: list[Label] | None = None
    html_url: str = ""

    def record(self) -> PullRequest:
        """Return it as the rest of the program knows it."""
        head = self.head.repo.full_name if self.head.repo else ""
        base = self.base.repo.full_name if self.base.repo else ""
        return PullRequest(
            number=self.number,
            title=self.title,
            body=self.body,
            state=self.state,
            merged=self.merged,
            merge_commit=(self.merge_commit_sha or "") if self.merged else "",
            head_branch=self.head.ref,
            head_commit=self.head.sha,
            head_repository=head,
            base_branch=self.base.ref,
            author=self.user.login if self.user else "",
            labels=tuple(label.name for label in self.labels or ()),
            url=self.html_url,
            from_fork=head != base,
        )


class Run(msgspec.Struct, frozen=True):
    """One run of a workflow.

    Attributes:
        status: `queued`, `waiting`, `in_progress` or `completed`.
        conclusion: `success`, `failure`, `cancelled` or `skipped`, empty before it is completed.
        title: the commit's subject, or what dispatched it.

    """

    id: int
    status: str
    conclusion: str = ""
    event: str = ""
    path: str = ""
    number: int = msgspec.field(name="run_number", default=0)
    title: str = msgspec.field(name="display_title", default="")
    branch: str = msgspec.field(name="head_branch", default="")
    commit: str = msgspec.field(name="head_sha", default="")
    url: str = msgspec.field(name="html_url", default="")
    actor: User | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def workflow(self) -> str:
        """The workflow's file, such as `reconcile.yaml`."""
        return self.path.partition("@")[0]

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.status == "completed"


class Step(msgspec.Struct, frozen=True):
    """A step of a job."""

    name: str
    number: int
    status: str
    conclusion: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Job(msgspec.Struct, frozen=True):
    """A job of a run; status and conclusion are as a run's."""

    id: int
    name: str
    status: str
    run_id: int
    conclusion: str = ""
    commit: str = msgspec.field(name="head_sha", default="")
    runner: str = msgspec.field(name="runner_name", default="")
    url: str = msgspec.field(name="html_url", default="")
    steps: list[Step] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.status == "completed"


class Runner(msgspec.Struct, frozen=True):
    """A machine that takes jobs.

    Attributes:
        status: `online`, `offline` or another word of Gitea's.

    """

    id: int
    name: str
    status: str
    busy: bool = False
    disabled: bool = False
    labels: list[Label] | None = None

    @property
    def online(self) -> bool:
        """Whether it takes jobs now."""
        return not self.disabled and self.status != "offline"
