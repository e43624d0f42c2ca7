"""A promotion looks at the stack that it is from: what was deployed, and how that is now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from components.lib.locks.lock import Lock
from components.lib.locks.locked_image import LockedImage

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout

NAMESPACE = "promotion"
BASE = """
    from components import *
    from components import Environment, member

    class Base(Environment):
        '''What both stacks run.'''

        @member
        def policy(self):
            repository = ImageRepository("app", ImageRepositoryArgs(image="registry.local/app"))
            policy = SemVerPolicy("1.x")
            return ImagePolicy("app", ImagePolicyArgs(repository=repository, policy=policy))

        @member
        def namespace(self):
            return Namespace("promotion")

        @member
        def app(self):
            args = ApplicationArgs(image=self.policy, namespace=self.namespace, port=80)
            return Application("app", args)
"""
STACK = """
    from stacks.base import Base

    class Stack(Base):
        '''Nothing of its own.'''
"""


def lock(checkout: Checkout, stack: str, tag: str) -> None:
    image = LockedImage(
        name="app",
        repository="registry.local/app",
        policy="semver 1.x",
        tag=tag,
        digest=f"sha256:{tag.replace('.', ''):0>64}",
        reason="first locked",
    )
    Lock(images={"app": image}).save(checkout.root / "stacks" / f"{stack}.lock.yaml")


def tag(checkout: Checkout, stack: str) -> str:
    return Lock.load(checkout.root / "stacks" / f"{stack}.lock.yaml").images["app"].tag


@pytest.fixture
def stacks(checkout: Checkout) -> Iterator[Checkout]:
    """Two stacks, of which the first is ahead; nothing is deployed."""
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.write("stacks/base.py", BASE)
    for stack, version in (("dev", "1.1.0"), ("staging", "1.0.0")):
        checkout.write(f"stacks/{stack}.py", STACK)
        config = "config:\n  infrastructure:context: dev-cluster\n"
        checkout.write(f"stacks/Pulumi.{stack}.yaml", config)
        lock(checkout, stack, version)
    checkout.pulumi("stack", "init", "dev")
    checkout.commit("feat: two stacks")
    yield checkout
    checkout.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def test_only_what_runs_and_is_healthy_is_carried_on(stacks: Checkout) -> None:
    promote = ("promote", "dev", "staging")
    assert "dev was never deployed; wait, or" in stacks.sluice(*promote, fails=True)

    stacks.sluice("up", "dev")
    shown = stacks.sluice(*promote, "--dry-run")
    assert "images/app  1.0.0      1.1.0" in shown
    assert tag(stacks, "staging") == "1.0.0"
    stacks.sluice(*promote)
    assert tag(stacks, "staging") == "1.1.0"

    lock(stacks, "dev", "1.2.0")
    stacks.commit("chore: images")
    refused = stacks.sluice(*promote, fails=True)
    assert "dev runs 1.1.0 of images/app, and not 1.2.0 yet" in refused

    stacks.sluice("up", "dev")
    stacks.kubectl("delete", "deployment", "app", "-n", NAMESPACE)
    refused = stacks.sluice(*promote, fails=True)
    assert f"dev is not healthy: Application app: Deployment {NAMESPACE}/app: not there" in refused
    assert tag(stacks, "staging") == "1.1.0"
    stacks.sluice(*promote, "--force")
    assert tag(stacks, "staging") == "1.2.0"
