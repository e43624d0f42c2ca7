"""Image updates and promotions as pull requests on the real Gitea, from its own registry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from sluice.gitea.records import PullRequest
from tests.gitea_sandbox import Clone, GiteaSandbox
from tests.unit.sluice.images.platform import write_files

SOURCE = "https://git.example.com/raibid/app"


def commit_of(tag: str) -> str:
    """The commit that an image says it was made from."""
    return hashlib.sha1(tag.encode()).hexdigest()  # noqa: S324 - as Git does


@dataclass
class Platform:
    """A clone of the platform on Gitea, and what happens there."""

    gitea: GiteaSandbox
    clone: Clone

    @property
    def image(self) -> str:
        """The image that the platform's policy follows."""
        return f"{self.gitea.registry.host}/{self._name}"

    def sluice(self, *arguments: str, code: int = 0) -> str:
        """Run the command as the pipeline's bot does; its output and errors."""
        token = self.gitea.service.bot_token_file.read_text()
        return self.clone.sluice(
            *arguments,
            code=code,
            GITEA_TOKEN=token,
            PULUMI_BACKEND_URL=f"file://{self.clone.root.parent}",
            PULUMI_CONFIG_PASSPHRASE="",
            PYTHONPATH=str(Path.cwd()),
        )

    def push_image(self, tag: str) -> str:
        """Put an image into Gitea's registry by plain HTTP; return its digest."""
        labels = {
            "org.opencontainers.image.source": SOURCE,
            "org.opencontainers.image.revision": commit_of(tag),
        }
        return self.gitea.registry.push(self._name, tag, labels=labels)

    def requests(self, state: str = "open") -> list[PullRequest]:
        """The pull requests in that state."""
        return self.gitea.bot.pull_requests(state)  # type: ignore[arg-type]

    def on_main(self, path: str) -> str:
        """A file as main has it."""
        self.clone.git("fetch", "--quiet", "origin")
        return self.clone.git("show", f"origin/main:{path}")

    def statuses(self, request: PullRequest) -> dict[str, str]:
        """The sentence of each status that the head of a pull request has."""
        found = self.gitea.bot.statuses(request.head_commit)
        return {each.context: each.description for each in found}

    def close(self, request: PullRequest) -> None:
        """Close a pull request by hand."""
        path = self.gitea.admin.path("pulls", request.number)
        self.gitea.admin.connection.call("PATCH", path, body={"state": "closed"})

    @property
    def _name(self) -> str:
        return f"{self.gitea.admin.owner}/app"


@pytest.fixture
def platform(gitea: GiteaSandbox, tmp_path: Path) -> Platform:
    made = Platform(gitea, gitea.clone(tmp_path / "clone"))
    write_files(made.clone.root, image=made.image)
    made.clone.push("platform", "feat: a platform")
    request = gitea.bot.propose(head="platform", base="main", title="feat: a platform", body="")
    gitea.merge(request)
    made.clone.git("pull", "--quiet", "--rebase", "origin", "main")
    return made


def test_an_image_reaches_main_by_one_pull_request_and_the_next_stack_by_another(
    platform: Platform,
) -> None:
    platform.push_image("1.0.0")
    platform.push_image("1.1.0")
    before = platform.on_main("apps/app.yaml")
    said = platform.sluice("images", "update", "--push", code=2)
    assert "cannot be pushed: " in said
    assert "Not allowed to push to protected branch main" in said
    assert platform.on_main("apps/app.yaml") == before

    platform.sluice("images", "update", "--pr")
    (request,) = platform.requests()
    assert request.title == "chore(dev): update app 1.1.0"
    assert request.labels == ("images",)
    assert "as it was" in platform.sluice("images", "update", "--pr")

    platform.push_image("1.2.0")
    platform.sluice("images", "update", "--pr")
    (again,) = platform.requests()
    assert (again.number, again.title) == (request.number, "chore(dev): update app 1.2.0")
    assert again.head_commit != request.head_commit
    assert platform.statuses(again) == {
        "sluice/dev/image/apps": f"dev: images of apps proposed at {again.head_commit[:7]}"
    }

    platform.close(again)
    assert "was declined" in platform.sluice("images", "update", "--pr")
    assert platform.requests() == []

    digest = platform.push_image("1.3.0")
    platform.sluice("images", "update", "--pr")
    (opened,) = platform.requests()
    assert opened.number != request.number
    platform.gitea.merge(opened)
    assert f"{platform.image}:1.3.0@{digest} # {{" in platform.on_main("apps/app.yaml")
    assert f"digest: {digest}" in platform.on_main("stacks/dev.lock.yaml")
    assert "every image is the newest" in platform.sluice("images", "update", "--pr")

    assert "dev was never deployed" in platform.sluice(
        "promote", "dev", "staging", "images/app", "--pr", code=2
    )
    platform.sluice("promote", "dev", "staging", "images/app", "--pr", "--force")
    (promotion,) = platform.requests()
    assert promotion.title == "chore(staging): promote app 1.3.0 from dev"
    platform.gitea.merge(promotion)
    assert f"digest: {digest}" in platform.on_main("stacks/staging.lock.yaml")

    platform.push_image("1.4.0")
    platform.sluice("images", "update", "--pr")
    platform.gitea.merge(platform.requests()[0])
    platform.sluice("promote", "dev", "staging", "--pr", "--force")
    (promotion,) = platform.requests()
    commits = f"{SOURCE}/compare/{commit_of('1.3.0')}...{commit_of('1.4.0')}"
    assert f"| images/app | 1.3.0 | 1.4.0 | {commits} |" in promotion.body
