"""What is said on Gitea: comments that are kept up to date, and commit statuses."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

import giteapy
import msgspec

from sluice.errors import GiteaError
from sluice.gitea.endpoint import Endpoint
from sluice.gitea.records import Comment, State, Status, User

__all__ = ["DESCRIPTION_LIMIT", "Comments", "Statuses"]

DESCRIPTION_LIMIT: Final = 255
"""Characters of a commit status's sentence that are shown."""

_MARKER: Final = re.compile(r"[A-Za-z0-9][\w./-]*")
_NOT_FOUND: Final = 404


class Comments(Endpoint):
    """The comments on a repository's pull requests."""

    @cached_property
    def _issues(self) -> giteapy.IssueApi:
        return giteapy.IssueApi(self.connection.api)

    @cached_property
    def _login(self) -> str:
        return self.connection.get("/user", User).login

    def comments(self, number: int) -> list[Comment]:
        """Return a pull request's comments, the oldest first."""
        return list(self.connection.pages(self.path("issues", number, "comments"), Comment))

    def comment(self, number: int, marker: str, body: str) -> str:
        """Write the token's one comment of this marker on a pull request; return its address.

        The marker is an HTML comment before the body. However many processes
        write at once, and whatever answer gets lost, one comment is left. One
        of somebody else, who could change it later, is none of them.
        """
        if not _MARKER.fullmatch(marker) or "--" in marker:
            raise ValueError(f"{marker!r} cannot stand in an HTML comment")
        sign = f"<!-- sluice:{marker} -->"
        return self.connection.settled(lambda: self._written(number, sign, f"{sign}\n{body}")).url

    def _written(self, number: int, sign: str, text: str) -> Comment:
        if not self._signed(number, sign):
            self._issues.issue_create_comment(
                self.owner, self.name, number, body={"body": text}, _preload_content=False
            )
        # Another process may have written one meanwhile: both keep the oldest.
        first, *others = self._signed(number, sign)
        for other in others:
            self._remove(other)
        if first.body != text:
            answer = self._issues.issue_edit_comment(
                self.owner, self.name, first.id, body={"body": text}, _preload_content=False
            )
            return msgspec.json.decode(answer.data, type=Comment)
        return first

    def _signed(self, number: int, sign: str) -> list[Comment]:
        found = [each for each in self.comments(number) if each.body.startswith(sign)]
        own = [each for each in found if each.author == self._login]
        return sorted(own, key=lambda comment: comment.id)

    def _remove(self, comment: Comment) -> None:
        try:
            self._issues.issue_delete_comment(
                self.owner, self.name, comment.id, _preload_content=False
            )
        except GiteaError as error:
            if error.status != _NOT_FOUND:
                raise


class Statuses(Endpoint):
    """The statuses of a repository's commits."""

    def statuses(self, commit: str) -> list[Status]:
        """Return a commit's newest status in each context."""
        path = self.path("commits", commit, "status")
        return list(self.connection.pages(path, Status, key="statuses"))

    def set_status(
        self, commit: str, context: str, state: State, description: str, url: str = ""
    ) -> None:
        """Set a commit's status in a context; nothing is sent where it says that already.

        One that differs by its link alone stays: what runs on a schedule would add one each time.
        A description that is too long to be shown is cut.
        """
        short = _shortened(description)
        wanted = (state, context, short)
        body = {"state": state, "context": context, "description": short, "target_url": url}

        def told() -> None:
            present = self.statuses(commit)
            if wanted not in ((s.state, s.context, s.description) for s in present):
                giteapy.RepositoryApi(self.connection.api).repo_create_status(
                    self.owner, self.name, commit, body=body, _preload_content=False
                )

        self.connection.settled(told)


def _shortened(description: str) -> str:
    text = " ".join(description.split())
    return text if len(text) <= DESCRIPTION_LIMIT else f"{text[: DESCRIPTION_LIMIT - 1]}…"
