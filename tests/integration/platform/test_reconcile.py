"""`sluice reconcile`: the newest commit of the branch, whatever the working tree is like."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sluice.notification.run_log import Line, read
from sluice.stack.process_lock import held
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack
from tests.integration.platform.members import NAMESPACE, kustomization

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

SETTINGS = NAMESPACE + kustomization("settings")
CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: %s}
"""


SALT = "encryptionsalt: v1:d9wkKY/esSU=:v1:DiGLzHe1NRG1nW6v:IF7cnl3ZGkaGhsd6Eyv0CIl8koUCOQ=="
REFUSED = (CONFIG_MAP % "none").replace("colour", "no colour")
UNTIL_TOLD = """
    __import__("subprocess").run("until test -e go; do sleep 0.1; done", shell=True)
"""


@pytest.fixture
def pushed(program: Program) -> Checkout:
    """A stack with one ConfigMap, committed and pushed."""
    checkout = program(SETTINGS)
    set_up(checkout)
    paint(checkout, "red")
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.add_remote()
    checkout.push()
    return checkout


def set_up(checkout: Checkout, **settings: object) -> None:
    """Write the stack's file, with the salt of the sandbox."""
    lines = [f"  infrastructure:{key}: {value}" for key, value in settings.items()]
    config = ["config:", "  infrastructure:context: dev-cluster", *lines, SALT, ""]
    checkout.write(f"stacks/Pulumi.{checkout.stack}.yaml", "\n".join(config))


def paint(checkout: Checkout, colour: str) -> None:
    checkout.write("manifests/settings/settings.yaml", CONFIG_MAP % colour)


def head(checkout: Checkout) -> str:
    return checkout.git("rev-parse", "HEAD")[:7]


def colour(checkout: Checkout) -> Any:
    return checkout.get("configmap", "settings")["data"]["colour"]


def updates(checkout: Checkout) -> list[Any]:
    """Pulumi's history, newest first; each file is named by the moment of its update's end."""
    files = sorted(checkout.state.glob(".pulumi/history/*/*/*.history.json"), reverse=True)
    return [json.loads(file.read_text()) for file in files]


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
    again = pushed.sluice("reconcile", pushed.stack, "--exit-code")
    assert f"{pushed.stack}: unchanged at {head(pushed)}: the same as it was deployed" in again
    assert len(updates(pushed)) == 1
    said = [(line.level, line.kind, line.name, line.message) for line in lines(pushed)]
    assert (
        "info",
        "Kustomization",
        "settings",
        f"create ConfigMap {pushed.stack}/settings",
    ) in said


def test_what_changed_since_is_run(pushed: Checkout) -> None:
    pushed.sluice("reconcile", pushed.stack)
    pushed.write("notes.md", "read by no program")
    pushed.push()
    assert "unchanged" in pushed.sluice("reconcile", pushed.stack)
    assert len(updates(pushed)) == 1
    paint(pushed, "blue")
    pushed.push()
    [row] = pushed.answer("reconcile", pushed.stack, "--exit-code", code=6)
    assert row["result"] == "changed"
    assert [each["name"] for each in row["changes"]] == ["settings"]
    assert colour(pushed) == "blue"
    pushed.pulumi("up", "--yes", "--skip-preview")
    assert len(updates(pushed)) == 3
    assert "unchanged" in pushed.sluice("reconcile", pushed.stack)
    assert len(updates(pushed)) == 4, "somebody deployed by hand, so it was run"


def test_two_at_once_are_one_update_and_neither_fails(pushed: Checkout) -> None:
    for number, shade in enumerate(("green", "yellow", "white"), 1):
        paint(pushed, shade)
        pushed.push()
        both = [pushed.start("sluice", "reconcile", pushed.stack) for _ in range(2)]
        said = sorted(process.communicate()[0].split(" at ")[0] for process in both)
        assert [process.returncode for process in both] == [0, 0]
        assert said == [f"{pushed.stack}: changed", f"{pushed.stack}: unchanged"]
        assert len(updates(pushed)) == number


def test_who_has_waited_applies_what_is_the_newest_by_then(pushed: Checkout) -> None:
    stack = Stack(Repository(pushed.root), pushed.stack)
    with held(stack, "another's reconcile"):
        waiting = pushed.start("sluice", "reconcile", pushed.stack)
        assert waiting.stderr
        assert "waiting for another's reconcile of" in waiting.stderr.readline()
        paint(pushed, "blue")
        pushed.push()
    said, _ = waiting.communicate()
    assert waiting.returncode == 0
    assert said.startswith(f"{pushed.stack}: changed at {head(pushed)}: ")
    assert colour(pushed) == "blue"


def test_who_waits_can_be_cancelled_and_leaves_no_checkout(pushed: Checkout) -> None:
    with held(Stack(Repository(pushed.root), pushed.stack), "another's reconcile"):
        waiting = pushed.start("sluice", "reconcile", pushed.stack)
        assert waiting.stderr
        assert "waiting for another's reconcile of" in waiting.stderr.readline()
        waiting.terminate()
        _, said = waiting.communicate(timeout=10)
    assert waiting.returncode == 143
    assert said == "Error: cancelled by SIGTERM; the next run goes on from what is done\n"
    assert list((pushed.root / ".sluice" / "worktrees").iterdir()) == []
    assert lines(pushed)[-1].message.startswith("cancelled by SIGTERM")


def test_a_retry_goes_on_with_the_commit_that_mends_it(pushed: Checkout) -> None:
    set_up(pushed, onFailure="retry", retries="9")
    pushed.write("manifests/settings/settings.yaml", REFUSED)
    pushed.push()
    trying = pushed.start("sluice", "reconcile", pushed.stack)
    assert trying.stderr
    while "trying again" not in trying.stderr.readline():
        assert trying.poll() is None
    paint(pushed, "blue")
    pushed.push()
    said, warned = trying.communicate()
    assert trying.returncode == 0
    assert "a newer commit came meanwhile; going on with it" in warned
    assert said.startswith(f"{pushed.stack}: changed at {head(pushed)}: ")


def test_a_pulumi_that_is_run_by_hand_is_waited_for(program: Program, pushed: Checkout) -> None:
    program(UNTIL_TOLD, SETTINGS)
    pushed.pulumi("stack", "init", pushed.stack)
    by_hand = pushed.start("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
    locks = pushed.state / ".pulumi" / "locks" / "organization" / "infrastructure" / pushed.stack
    while not list(locks.glob("*.json")):
        assert by_hand.poll() is None
        time.sleep(0.1)
    locked = pushed.ended("sluice", "reconcile", pushed.stack, "--wait", "0s")
    assert locked.returncode == 4
    assert f"(pid {by_hand.pid})" in locked.stderr
    waiting = pushed.start("sluice", "reconcile", pushed.stack)
    assert waiting.stderr
    assert "waiting: the stack is currently locked" in waiting.stderr.readline()
    pushed.write("go", "")
    told = [process.communicate() for process in (by_hand, waiting)]
    assert [process.returncode for process in (by_hand, waiting)] == [0, 0], told
    assert len(updates(pushed)) == 2


def test_what_is_suspended_is_left_out_and_what_follows_it_not_begun(pushed: Checkout) -> None:
    set_up(pushed, suspended="[{component: settings, reason: why, author: Ada, since: 2026-11-23}]")
    pushed.push()
    pushed.sluice("reconcile", pushed.stack)
    assert pushed.names("configmap") == []
    part = pushed.ended("sluice", "reconcile", "kustomization", "settings")
    assert part.returncode == 2, "it was never deployed"
    set_up(pushed, suspended='[{reason: "an incident", author: Ada, since: 2026-11-23}]')
    pushed.write("stacks/after.py", "")
    pushed.write("stacks/Pulumi.after.yaml", f"config:\n  infrastructure:follows: {pushed.stack}\n")
    pushed.push()
    first, second = pushed.answer("reconcile", "after", pushed.stack, code=5)
    assert first["message"].endswith("suspended by Ada since 2026-11-23 00:00 UTC: an incident")
    assert (first["result"], second["result"]) == ("suspended", "not begun")
    assert len(updates(pushed)) == 1


def test_a_failure_is_tried_again_and_rolled_back_as_the_stack_says(pushed: Checkout) -> None:
    good = head(pushed)
    pushed.sluice("reconcile", pushed.stack)
    set_up(pushed, onFailure="retry", retries=1)
    pushed.write("manifests/settings/settings.yaml", REFUSED)
    pushed.push()
    failed = pushed.ended("sluice", "reconcile", pushed.stack)
    assert failed.returncode == 3
    assert failed.stderr.count("a valid config key must consist of") == 2
    assert "trying again in 2 s" in failed.stderr
    assert [update["result"] for update in updates(pushed)] == ["failed", "failed", "succeeded"]
    set_up(pushed, onFailure="rollback")
    pushed.push()
    back = pushed.ended("sluice", "reconcile", pushed.stack)
    assert back.returncode == 3
    assert f"{pushed.stack}: rolled back at {good}" in back.stdout
    assert colour(pushed) == "red"
    assert updates(pushed)[0]["message"] == f"rollback: to {good}, because {head(pushed)} failed"
    set_up(pushed, onFailure="pray")
    pushed.push()
    refused = pushed.ended("sluice", "reconcile", pushed.stack)
    assert refused.returncode == 2
    assert "infrastructure:onFailure is 'pray', want one of halt, retry, rollback" in refused.stderr


def test_a_state_that_is_lost_or_damaged_is_put_back(pushed: Checkout) -> None:
    pushed.sluice("reconcile", pushed.stack)
    state = pushed.state / ".pulumi" / "stacks" / "infrastructure" / f"{pushed.stack}.json"
    whole = state.read_text()
    state.unlink()
    assert "is not there; put back its copy" in pushed.sluice("reconcile", pushed.stack)
    state.write_text(whole[: len(whole) // 2])
    shown = pushed.sluice("reconcile", pushed.stack)
    assert f"and kept the damaged file as {pushed.stack}.damaged-1" in shown
    assert state.with_name(f"{pushed.stack}.damaged-1").read_text() == whole[: len(whole) // 2]
    assert "7 unchanged" in shown
    assert "the same as it was deployed" in pushed.sluice("reconcile", pushed.stack)


def test_a_part_is_deployed_alone_with_what_it_depends_on(
    program: Program, pushed: Checkout
) -> None:
    program(SETTINGS, kustomization("other"))
    pushed.write("manifests/other/other.yaml", CONFIG_MAP.replace("settings", "other") % "red")
    deployed = pushed.push()
    pushed.sluice("reconcile", pushed.stack)
    paint(pushed, "blue")
    pushed.write("manifests/other/other.yaml", CONFIG_MAP.replace("settings", "other") % "blue")
    newest = pushed.push()
    pushed.kubectl("delete", "configmap", "settings", "-n", pushed.stack)
    assert f"changed at {deployed}" in pushed.sluice("reconcile", "kustomization", "settings")
    assert colour(pushed) == "red"
    shown = pushed.sluice("reconcile", "kustomization", "settings", "--with-source")
    assert f"changed at {newest}" in shown
    assert colour(pushed) == "blue"
    other = pushed.get("configmap", "other")
    assert other["data"]["colour"] == "red"
    unknown = pushed.ended("sluice", "reconcile", "helmrelease", "settings")
    assert unknown.returncode == 2
    assert "no HelmRelease 'settings' is deployed to" in unknown.stderr


def test_what_cannot_be_reconciled_is_refused_and_nothing_changed(pushed: Checkout) -> None:
    def refusal(*arguments: str) -> str:
        ended = pushed.ended("sluice", "reconcile", *arguments)
        assert ended.returncode == 2, ended.stderr
        return ended.stderr

    assert "there is no stack 'qa'" in refusal("qa")
    assert "is not a duration such as 90s" in refusal(pushed.stack, "--wait", "soon")
    pushed.git("checkout", "--quiet", "--detach")
    assert "no branch is checked out" in refusal(pushed.stack)
    pushed.git("checkout", "--quiet", "main")
    (pushed.root.parent / "remote.git").rename(pushed.root.parent / "moved.git")
    assert "origin/main cannot be fetched" in refusal(pushed.stack)
    pushed.git("remote", "remove", "origin")
    (pushed.root / ".git").rename(pushed.root.parent / "git")
    assert "is not in a Git repository" in refusal(pushed.stack)
    assert "give STACKS or --all" in refusal("stack")
    assert pushed.stack not in pushed.kubectl("get", "namespace", "-o", "name")


def test_the_remote_s_commit_counts_where_the_branches_diverged(pushed: Checkout) -> None:
    theirs = head(pushed)
    pushed.git("commit", "--quiet", "--amend", "--message", "mine alone")
    assert f"changed at {theirs}" in pushed.sluice("reconcile", pushed.stack)
    pushed.git("remote", "remove", "origin")
    shown = pushed.sluice("reconcile", pushed.stack)
    assert f"the newest commit is the local one, {head(pushed)}" in shown
    assert f"unchanged at {head(pushed)}" in shown


def lines(checkout: Checkout) -> list[Line]:
    return list(read(Stack(Repository(checkout.root), checkout.stack)))
