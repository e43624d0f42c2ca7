"""In which order a rollback at once does its steps; each of them has tests of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sluice.engine.outcome import Outcome
from sluice.errors import DeploymentError
from sluice.git.remote import Remote
from sluice.inventory.history import Deployment
from sluice.rollback import rollback as rollback_module
from sluice.rollback.rollback import Rollback
from sluice.stack.stack import Stack
from sluice.stack.suspension import Suspension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.sluice.conftest import MakeRepository

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TARGET = Deployment(3, "c0ffee1" * 6, False, "", None, NOON, 1.0, {}, "succeeded", "by hand", "")
EARLIER = Suspension("", "rollback to deployment 2 (c0ffee0)", "Ada <ada@example.com>", NOON)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in its order."""
    done: list[str] = []

    def applied(_self: Rollback, message: str, _watch: object) -> Outcome:
        done.append(message)
        if "fails" in done:
            raise DeploymentError("prod: web: Deployment shop/web: not ready")
        return Outcome("prod")

    def proposed(_self: Rollback, *, resumed: bool) -> str:
        done.append("propose, resumed" if resumed else "propose")
        return "rollback/prod-3"

    def suspended(stack: Stack, _parts: object, reason: str) -> None:
        done.append(f"suspend {stack}: {reason}")

    monkeypatch.setattr(rollback_module, "suspend", suspended)
    monkeypatch.setattr(rollback_module, "resume", lambda *_: done.append("resume"))
    monkeypatch.setattr(Rollback, "_applied", applied)
    monkeypatch.setattr(Rollback, "propose", proposed)
    return done


def apply(
    repository: MakeRepository, *, differs: bool, suspended: Sequence[Suspension] = ()
) -> tuple[Outcome, str]:
    platform = repository(prod="")
    remote = Remote(platform, "origin", "main")
    chosen = Rollback(Stack(platform, "prod"), TARGET, remote, "f00d", suspended)
    return chosen.apply(differs=differs, watch=lambda _urn: None)


def test_the_stack_is_suspended_first_and_git_agrees_last(
    repository: MakeRepository, steps: list[str]
) -> None:
    _outcome, branch = apply(repository, differs=True)
    assert branch == "rollback/prod-3"
    assert steps == [
        "suspend prod: rollback to deployment 3 (c0ffee1)",
        "rollback: to deployment 3 (c0ffee1)",
        "propose, resumed",
    ]


def test_what_fails_stays_suspended(repository: MakeRepository, steps: list[str]) -> None:
    steps.append("fails")
    with pytest.raises(DeploymentError):
        apply(repository, differs=True)
    assert [step.partition(" ")[0] for step in steps] == ["fails", "suspend", "rollback:"]


def test_an_earlier_rollback_has_suspended_it(repository: MakeRepository, steps: list[str]) -> None:
    apply(repository, differs=True, suspended=[EARLIER])
    assert [step.partition(" ")[0] for step in steps] == ["rollback:", "propose,"]


def test_where_git_declares_the_same_the_suspension_ends(
    repository: MakeRepository, steps: list[str]
) -> None:
    _outcome, branch = apply(repository, differs=False, suspended=[EARLIER])
    assert branch == ""
    assert [step.partition(" ")[0] for step in steps] == ["rollback:", "resume"]


def test_where_git_declares_the_same_nothing_is_suspended(
    repository: MakeRepository, steps: list[str]
) -> None:
    apply(repository, differs=False)
    assert [step.partition(" ")[0] for step in steps] == ["rollback:"]
