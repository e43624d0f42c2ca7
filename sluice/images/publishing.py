"""Image updates on their way into Git: into the working tree, onto a branch, as a pull request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sluice.git.commits import head
from sluice.git.committer import Committer
from sluice.git.remote import Remote
from sluice.git.working_tree import check_clean
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Description, Proposal, Proposed
from sluice.images.message import message
from sluice.images.updating import Automated, Automations, Update, texts_of, write
from sluice.stack.repository import Repository

__all__ = ["Publication", "write_here"]

_LABELS = ("images",)


def write_here(repository: Repository) -> list[Update]:
    """Write all updates into the working tree; commit nothing.

    Raises:
        RepositoryError: where a file that changes has changes already; nothing is written then.
        DeclarationError, ArtifactError: as `Automations.update`.

    """
    automations = Automations.of(repository)
    updates = [automations.update(each) for each in automations.found]
    for path in texts_of(repository, updates):
        if (repository.root / path).exists():
            check_clean(repository, path)
    write(repository, updates)
    return updates


@dataclass
class Publication:
    """One automation's update, made on the newest commit, and pushed.

    Attributes:
        remote: the branch that the stacks follow.
        of: the automation.
        automations: those of the commit that it is of.
        commit: that commit.
        update: what was changed; None before that, and where nothing is.

    """

    remote: Remote
    of: Automated
    automations: Automations
    commit: str
    update: Update | None = field(default=None, init=False)

    def push(self) -> Proposed:
        """Push to the automation's branch, or else to the one that the stacks follow.

        Raises:
            RepositoryError: with Git's reason; nothing is pushed then.
            DeclarationError, ArtifactError: as `Automations.update`.

        """
        branch = self.of.automation.args.branch or self.remote.branch
        return self._proposal(None, branch).make(self._edit(None), self._committer)

    def propose(self, gitea: Gitea | None) -> Proposed:
        """Push to a branch, and have the one pull request of it carry the update.

        A version whose pull request was closed is left out.

        Raises:
            RepositoryError: where the branch has commits of others, or with Git's reason.
            GiteaError: where pull requests cannot be read or opened.
            DeclarationError, ArtifactError: as `Automations.update`.

        """
        chosen = self.of.automation.args.branch
        default = f"image-updates/{self.of.stack}-{self.of.automation.name}"
        branch = default if chosen in ("", self.remote.branch) else chosen
        proposal = self._proposal(gitea, branch)
        return proposal.make(self._edit(proposal), self._committer)

    def _proposal(self, gitea: Gitea | None, branch: str) -> Proposal:
        return Proposal(self.remote, gitea, branch, f"images {self.of.title}", _LABELS)

    def _edit(self, proposal: Proposal | None) -> Callable[[Path], Description | None]:
        declined = proposal.declined() if proposal else set()

        def edit(root: Path) -> Description | None:
            checkout = Repository(root)
            same = head(checkout) == self.commit
            automations = self.automations.at(checkout) if same else Automations.of(checkout)
            of = automations.named(self.of.stack, self.of.automation.name)
            self.update = automations.update(of, declined) if of else None
            if self.update is None or not self.update.files:
                return None
            described = _described(self.update)
            write(checkout, [self.update])
            return described

        return edit

    @property
    def _committer(self) -> Committer:
        automation = self.of.automation
        key = automation.args.signing_key
        return Committer(
            name=automation.author_name,
            mail=automation.author_mail,
            sign_off=automation.args.sign_off,
            key=key.key if key else "",
            key_type=key.type if key else "gpg",
        )


def _described(update: Update) -> Description:
    rows = "".join(
        f"| `{file}` | {change.object} | `{change.old or '-'}` | `{change.new}` |\n"
        for file, changes in update.files.items()
        for change in changes
    )
    body = f"| file | object | old | new |\n|---|---|---|---|\n{rows}"
    carries = {name: image.image for name, image in update.images.items()}
    return Description(message(update), body, carries)
