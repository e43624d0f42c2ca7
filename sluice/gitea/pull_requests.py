"""Pull requests: found, opened, brought up to date, merged."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Literal

import giteapy
import msgspec

from sluice.errors import GiteaError, PassingGiteaError
from sluice.gitea.endpoint import Endpoint
from sluice.gitea.records import Label, PullRequest, PullRequestForm, Review

__all__ = ["PullRequests"]

_CONFLICT = 409
_LABEL_COLOR = "#1d76db"


class PullRequests(Endpoint):
    """A repository's pull requests."""

    @cached_property
    def _repository(self) -> giteapy.RepositoryApi:
        return giteapy.RepositoryApi(self.connection.api)

    @cached_property
    def _issue(self) -> giteapy.IssueApi:
        return giteapy.IssueApi(self.connection.api)

    def pull_request(self, number: int) -> PullRequest:
        """Return the pull request of that number.

        Raises:
            GiteaError: where there is none.

        """
        return _parsed(
            self._repository.repo_get_pull_request(
                self.owner, self.name, number, _preload_content=False
            ).data
        )

    def pull_request_of(self, commit: str) -> PullRequest | None:
        """Return the pull request that was merged as `commit`; None where there is none."""
        form = self.connection.find(self.path("commits", commit, "pull"), PullRequestForm)
        return form.record() if form else None

    def pull_requests(
        self, state: Literal["open", "closed", "all"] = "open", head: str = ""
    ) -> list[PullRequest]:
        """Return the pull requests in that state, of this repository's branch `head` if named."""
        forms = self.connection.pages(self.path("pulls"), PullRequestForm, state=state)
        found = (form.record() for form in forms)
        return [
            request
            for request in found
            if not head or (request.head_branch == head and not request.from_fork)
        ]

    def propose(
        self, *, head: str, base: str, title: str, body: str, labels: Collection[str] = ()
    ) -> PullRequest:
        """Return the one open pull request of the branch `head`, opened or brought up to date.

        Labels are added, and made where the repository does not have them.
        """
        request = self.connection.settled(lambda: self._opened(head, base, title, body))
        if set(labels) - set(request.labels):
            self.add_labels(request.number, labels)
            return self.pull_request(request.number)
        return request

    def merge(self, number: int, *, style: str = "merge", title: str = "") -> PullRequest:
        """Merge a pull request and return it; one that is merged already is left as it is.

        `style` is one of Gitea's: `merge`, `rebase`, `rebase-merge`, `squash`.

        Raises:
            GiteaError: where a rule of the branch or a conflict forbids it.

        """

        def merged() -> PullRequest:
            request = self.pull_request(number)
            if request.merged:
                return request
            body = {"Do": style, "head_commit_id": request.head_commit}
            if title:
                body["MergeTitleField"] = title
            self._repository.repo_merge_pull_request(
                self.owner, self.name, number, body=body, _preload_content=False
            )
            return self.pull_request(number)

        return self.connection.settled(merged)

    def approvals(self, number: int) -> list[Review]:
        """Return the newest review of each reviewer, where it is an approval that stands."""
        reviews = self.connection.pages(self.path("pulls", number, "reviews"), Review)
        newest = {
            review.author: review
            for review in reviews
            if review.state in {"APPROVED", "REQUEST_CHANGES"}
        }
        return [
            review
            for review in newest.values()
            if review.state == "APPROVED" and not review.dismissed
        ]

    def labels(self, number: int) -> tuple[str, ...]:
        """Return the names of a pull request's labels."""
        labels = self.connection.get(self.path("issues", number, "labels"), list[Label])
        return tuple(label.name for label in labels)

    def add_labels(self, number: int, names: Collection[str]) -> None:
        """Label a pull request; a label that the repository lacks is made."""

        def added() -> None:
            known = {label.name: label.id for label in self.repository_labels()}
            for name in names:
                if name not in known:
                    known[name] = self.create_label(name).id
            body = {"labels": [known[name] for name in names]}
            self.connection.call("POST", self.path("issues", number, "labels"), body=body)

        self.connection.settled(added)

    def repository_labels(self) -> list[Label]:
        """Return the repository's own labels."""
        return list(self.connection.pages(self.path("labels"), Label))

    def create_label(self, name: str, color: str = _LABEL_COLOR, description: str = "") -> Label:
        """Make a label; `color` is as in HTML, such as `#d73a4a`."""
        answer = self._issue.issue_create_label(
            self.owner,
            self.name,
            body={"name": name, "color": color, "description": description},
            _preload_content=False,
        )
        return msgspec.json.decode(answer.data, type=Label)

    def _opened(self, head: str, base: str, title: str, body: str) -> PullRequest:
        if not self.pull_requests(head=head):
            self._create({"head": head, "base": base, "title": title, "body": body})
        # Gitea lets two that ask at once open one each: both keep the oldest.
        first, *others = sorted(self.pull_requests(head=head), key=lambda each: each.number)
        for other in others:
            self._edit(other.number, {"state": "closed"})
        if (first.title, first.body, first.base_branch) == (title, body, base):
            return first
        return self._edit(first.number, {"title": title, "body": body, "base": base})

    def _create(self, body: dict[str, str]) -> None:
        with _meanwhile():
            self._repository.repo_create_pull_request(
                self.owner, self.name, body=body, _preload_content=False
            )

    def _edit(self, number: int, body: dict[str, str]) -> PullRequest:
        with _meanwhile():
            answer = self._repository.repo_edit_pull_request(
                self.owner, self.name, number, body=body, _preload_content=False
            )
        return _parsed(answer.data)


@contextmanager
def _meanwhile() -> Iterator[None]:
    """Have a call repeated that somebody else's came before: it was opened or edited meanwhile."""
    try:
        yield
    except GiteaError as error:
        if error.status == _CONFLICT:
            raise PassingGiteaError(str(error), status=error.status) from None
        raise


def _parsed(content: bytes) -> PullRequest:
    return msgspec.json.decode(content, type=PullRequestForm).record()
