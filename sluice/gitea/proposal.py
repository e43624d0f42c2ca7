"""A change that is proposed: a branch of its own, and the one pull request that carries it.

The pull request's text says which versions it carries, in a comment that people
do not see. One that was closed without being merged has declined them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from sluice.git.committer import AS_CONFIGURED, Committer
from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.gitea.records import PullRequest

__all__ = ["Description", "Proposal", "Proposed"]

_NOTE: Final = re.compile(r"<!-- sluice (\{.*\}) -->")


@dataclass(frozen=True)
class Description:
    """What is said of a change.

    Attributes:
        message: the commit's message, whose title is the pull request's.
        body: the pull request's text, in Markdown.
        carries: the version of each thing that it changes, by name.

    """

    message: str
    body: str
    carries: Mapping[str, str]


class _Note(msgspec.Struct, frozen=True):
    """What a pull request's text says to the next run."""

    subject: str
    carries: dict[str, str]


@dataclass(frozen=True)
class Proposed:
    """What became of a proposal.

    Attributes:
        branch: its branch; empty where nothing changes.
        commit: the commit that carries it; empty where nothing changes.
        pushed: whether that was changed.
        pull_request: its pull request; None where nothing changes, or without Gitea.
        is_news: whether it carries what was not proposed before: where the pull request's
            branch is only made again on a newer commit, it does not. Without Gitea,
            whether the branch was pushed.

    """

    branch: str = ""
    commit: str = ""
    pushed: bool = False
    pull_request: PullRequest | None = None
    is_news: bool = False

    def told(self, base: str) -> str:
        """Return in a line what became of a change; `base` is the branch that it is for."""
        state = "pushed" if self.pushed else "as it was"
        if self.pull_request is not None:
            number, url = self.pull_request.number, self.pull_request.url
            return f"pull request {number}, branch {state}: {url}"
        hint = "" if self.branch == base else f"; open a pull request from it to {base}"
        return f"branch {self.branch} {state}{hint}"


@dataclass(frozen=True)
class Proposal:
    """A change that is proposed again and again, each time as it would be then.

    Attributes:
        remote: the branch that it is for.
        gitea: where the pull request is; None for the branch alone.
        branch: the branch that carries it; that of `remote` for no pull request.
        subject: what tells its pull requests from others, such as `images dev/apps`.
        labels: those of the pull request.

    """

    remote: Remote
    gitea: Gitea | None
    branch: str
    subject: str
    labels: tuple[str, ...] = ()

    def declined(self) -> set[tuple[str, str]]:
        """Return names and versions of pull requests that were closed without being merged.

        Raises:
            GiteaError: where they cannot be read.

        """
        if self.gitea is None:
            return set()
        closed = [each for each in self.gitea.pull_requests("closed") if not each.merged]
        return {pair for each in closed for pair in self._carried(each.body).items()}

    def make(
        self, edit: Callable[[Path], Description | None], committer: Committer = AS_CONFIGURED
    ) -> Proposed:
        """Bring branch and pull request to what `edit` does to the newest commit.

        It says what it did, or None where that is nothing. Without a branch of
        its own it is pushed to the one that it is for.

        Raises:
            RepositoryError: where the branch has commits of others, or with Git's reason.
            GiteaError: where the pull request cannot be opened; the branch is pushed then.

        """
        done: list[Description] = []

        def noted(root: Path) -> None:
            said = edit(root)
            done[:] = [said] if said else []

        def message() -> str:
            return done[0].message

        if self.branch == self.remote.branch:
            commit = self.remote.publish(message, noted, committer=committer)
            return Proposed(self.branch, commit, True, is_news=True) if done else Proposed()
        commit, pushed = self.remote.republish(message, noted, self.branch, committer=committer)
        if not done:
            return Proposed()
        if self.gitea is None:
            return Proposed(self.branch, commit, pushed, is_news=pushed)
        there = self.gitea.pull_requests("open", self.branch)
        is_news = all(self._carried(each.body) != done[0].carries for each in there)
        request = self._pull_request(self.gitea, done[0])
        return Proposed(self.branch, commit, pushed, request, is_news)

    def _pull_request(self, gitea: Gitea, said: Description) -> PullRequest:
        note = json.dumps({"subject": self.subject, "carries": dict(said.carries)})
        # Two hyphens would end the comment.
        note = note.replace("--", "-\\u002d")
        return gitea.propose(
            head=self.branch,
            base=self.remote.branch,
            title=said.message.partition("\n")[0],
            body=f"{said.body}\n\n<!-- sluice {note} -->",
            labels=self.labels,
        )

    def _carried(self, body: str) -> Mapping[str, str]:
        for note in _NOTE.findall(body):
            try:
                content = msgspec.json.decode(note, type=_Note)
            except msgspec.MsgspecError:
                continue
            if content.subject == self.subject:
                return content.carries
        return {}
