"""A forge that is a list of pull requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from sluice.gitea.records import PullRequest

__all__ = ["Forge"]


@dataclass
class Forge:
    """Pull requests, as `Gitea` keeps them."""

    made: list[PullRequest] = field(default_factory=list)

    def pull_requests(self, state: str = "open", head: str = "") -> list[PullRequest]:
        return [
            each for each in self.made if each.state == state and head in ("", each.head_branch)
        ]

    def propose(
        self, *, head: str, base: str, title: str, body: str, labels: Collection[str] = ()
    ) -> PullRequest:
        there = next(iter(self.pull_requests(head=head)), None)
        if there is None:
            there = _opened(len(self.made) + 1, head, base)
            self.made.append(there)
        request = replace(there, title=title, body=body, labels=tuple(labels))
        self.made[self.made.index(there)] = request
        return request

    def end(self, number: int, *, merged: bool) -> None:
        self.made[number - 1] = replace(self.made[number - 1], state="closed", merged=merged)


def _opened(number: int, head: str, base: str) -> PullRequest:
    return PullRequest(
        number=number,
        title="",
        body="",
        state="open",
        merged=False,
        merge_commit="",
        head_branch=head,
        head_commit="",
        head_repository="raibid/infrastructure",
        base_branch=base,
        author="bot",
        labels=(),
        url=f"https://git.example.com/pulls/{number}",
        from_fork=False,
    )
