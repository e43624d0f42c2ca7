"""An image on its way from Gitea's registry to production, by pull requests alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.e2e.team import SECONDS
from tests.gitea_sandbox import eventually

if TYPE_CHECKING:
    import pytest

    from sluice.gitea.records import PullRequest
    from tests.e2e.team import Team

IMPORTS = """
from components import (
    ImagePolicy,
    ImagePolicyArgs,
    ImageRepository,
    ImageRepositoryArgs,
    SemVerPolicy,
"""
MEMBERS = """
    @member
    def my_image(self) -> ImagePolicy:
        repository = ImageRepository("my-app", ImageRepositoryArgs(image="{image}"))
        return ImagePolicy(
            "my-image",
            ImagePolicyArgs(repository=repository, policy=SemVerPolicy(">=1.0.0 <2.0.0")),
        )

    @member
    def follower(self) -> Application:
        return Application(
            "follower",
            ApplicationArgs(image=self.my_image.image, namespace=self.apps, replicas=1),
        )
"""
DEV = """
from components import ImageUpdateAutomation, ImageUpdateAutomationArgs, member
from stacks.base import Platform


class Dev(Platform):
    @member
    def updates(self) -> ImageUpdateAutomation:
        return ImageUpdateAutomation(
            "apps", ImageUpdateAutomationArgs(author="Flux Bot <fluxbot@raibid.local>")
        )
"""


def follow(team: Team, image: str) -> None:
    """Have an application run the newest image of a policy, as the guide's do."""
    base = "stacks/base.py"
    team.replace(base, "\nfrom components import (\n", IMPORTS)
    with (team.clone.root / base).open("a") as file:
        file.write(MEMBERS.format(image=image))
    team.clone.write("stacks/dev.py", DEV)
    team.clone.sluice("lock")


def running(team: Team, stack: str) -> str:
    """The tag that the application runs."""
    live = team.live(f"{stack}-cluster", "deployment", "follower", "apps")
    (container,) = live["spec"]["template"]["spec"]["containers"]
    return str(container["image"]).partition("@")[0].rpartition(":")[2]


def opened(team: Team, branch: str) -> PullRequest:
    """The open pull request of a branch, as soon as there is one."""

    def found() -> PullRequest | None:
        return next(iter(team.sandbox.admin.pull_requests("open", head=branch)), None)

    return eventually(found, f"a pull request of {branch}", SECONDS)


def test_a_pushed_image_comes_to_production_by_pull_requests(
    team: Team, record_property: pytest.RecordProperty
) -> None:
    registry = team.sandbox.registry
    image = f"{registry.host}/raibid/my-app"
    registry.push("raibid/my-app", "1.0.0", labels={"version": "1.0.0"})
    team.deliver("follow", "feat: my-app follows", lambda: follow(team, image))
    linking = team.run_by_hand("images.yaml", {})
    assert "linked to raibid/infrastructure" in team.sandbox.log(linking)

    registry.push("raibid/my-app", "1.1.0", "2.0.0", labels={"version": "1.1.0"})
    pushed = time.monotonic()
    request = opened(team, "image-updates/dev-apps")
    record_property("seconds from the push to the pull request", time.monotonic() - pushed)
    report = team.report(request)
    assert "my-app" in report
    assert "1.0.0" in report
    assert "1.1.0" in report
    team.statuses(team.merge(request), ("dev",))
    assert [running(team, stack) for stack in ("dev", "staging", "prod")] == [
        "1.1.0",
        "1.0.0",
        "1.0.0",
    ]

    for source, target in (("dev", "staging"), ("staging", "prod")):
        team.run_by_hand("promote.yaml", {"source": source, "target": target})
        promotion = opened(team, f"promote/{source}-{target}")
        assert "1.1.0" in team.report(promotion)
        team.statuses(team.merge(promotion), (target,))
        assert running(team, target) == "1.1.0"
