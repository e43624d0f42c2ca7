"""`sluice reconcile`: the newest commit of the branch, whatever the caller's working tree is like."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

MEMBERS = """
    @member
    def namespace(self):
        return Namespace(NAMESPACE)

    @member
    def settings(self):
        return Kustomization(
            "settings",
            KustomizationArgs(path="manifests/settings", target_namespace=self.namespace),
        )
"""
CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: %s}
"""


SALT = "encryptionsalt: v1:d9wkKY/esSU=:v1:DiGLzHe1NRG1nW6v:IF7cnl3ZGkaGhsd6Eyv0CIl8koUCOQ=="
NO_SUCH_NAMESPACE = "metadata: {name: settings, namespace: not-there}"


@pytest.fixture
def pushed(program: Program) -> Checkout:
    """A stack with one ConfigMap, committed and pushed."""
    checkout = program(MEMBERS)
    set_up(checkout)
    paint(checkout, "red")
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.git("init", "--quiet", "--bare", "../remote.git")
    checkout.git("remote", "add", "origin", "../remote.git")
    push(checkout)
    return checkout


def set_up(checkout: Checkout, **settings: object) -> None:
    """Write the stack's file, with the salt of the sandbox."""
    lines = [f"  infrastructure:{key}: {value}" for key, value in settings.items()]
    config = ["config:", "  infrastructure:context: dev-cluster", *lines, SALT, ""]
    (checkout.root / "stacks" / f"Pulumi.{checkout.stack}.yaml").write_text("\n".join(config))


def paint(checkout: Checkout, colour: str) -> None:
    checkout.write("manifests/settings/settings.yaml", CONFIG_MAP % colour)


def push(checkout: Checkout) -> str:
    commit = checkout.commit()
    checkout.git("push", "--quiet", "--set-upstream", "origin", "main")
    return commit


def head(checkout: Checkout) -> str:
    return checkout.git("rev-parse", "HEAD")[:7]


def colour(checkout: Checkout) -> Any:
    return checkout.get("configmap", "settings", checkout.stack)["data"]["colour"]


def updates(checkout: Checkout) -> list[Any]:
    """Pulumi's history, newest first."""
    rows: list[Any] = json.loads(checkout.pulumi("stack", "history", "--json"))
    return rows


def test_the_newest_commit_is_deployed_once_and_the_working_tree_left_alone(
    pushed: Checkout,
) -> None:
    paint(pushed, "unsaved")
    shown = pushed.sluice("reconcile", pushed.stack)
    assert f"{pushed.stack}: changed at {head(pushed)}: 7 created" in shown
    assert colour(pushed) == "red"
    assert pushed.git("status", "--short") == " M manifests/settings/settings.yaml\n"
    [update] = updates(pushed)
    assert update["environment"]["git.head"].startswith(head(pushed))
    assert update["environment"]["git.dirty"] == "false"
    assert update["message"] == f"reconcile: {head(pushed)}"
    started = time.monotonic()
    again = pushed.sluice("reconcile", pushed.stack)
    print("SECONDS", time.monotonic() - started)
    assert f"{pushed.stack}: unchanged at {head(pushed)}: the same as it was deployed" in again
    assert len(updates(pushed)) == 1
