"""In which order a rollback at once does its steps; each of them has tests of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sluice.engine.outcome import Outcome
from sluice.errors import DeploymentError, RollbackError
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


Apply = Callable[..., tuple[Outcome, str]]


@pytest.fixture
def apply(repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> Apply:
    """Apply the rollback of a stack that had deployment 4 when it was planned."""
    platform = repository(prod="")
    remote = Remote(platform, "origin", "main")

    def call(
        *, differs: bool, suspended: Sequence[Suspension] = (), current: int = 4
    ) -> tuple[Outcome, str]:
        chosen = Rollback(Stack(platform, "prod"), TARGET, remote, "f00d", suspended, 4)
        now = replace(chosen, current=current)
        monkeypatch.setattr(rollback_module, "prepare", lambda *_: now)
        return chosen.apply(differs=differs, watch=lambda _urn: None)

    return call


def test_the_stack_is_suspended_first_and_git_agrees_last(apply: Apply, steps: list[str]) -> None:
    _outcome, branch = apply(differs=True)
    assert branch == "rollback/prod-3"
    assert steps == [
        "suspend prod: rollback to deployment 3 (c0ffee1)",
        "rollback: to deployment 3 (c0ffee1)",
        "propose, resumed",
    ]


def test_what_fails_stays_suspended(apply: Apply, steps: list[str]) -> None:
    steps.append("fails")
    with pytest.raises(DeploymentError):
        apply(differs=True)
    assert [step.partition(" ")[0] for step in steps] == ["fails", "suspend", "rollback:"]


def test_an_earlier_rollback_has_suspended_it(apply: Apply, steps: list[str]) -> None:
    apply(differs=True, suspended=[EARLIER])
    assert [step.partition(" ")[0] for step in steps] == ["rollback:", "propose,"]


def test_where_git_declares_the_same_the_suspension_ends(apply: Apply, steps: list[str]) -> None:
    _outcome, branch = apply(differs=False, suspended=[EARLIER])
    assert branch == ""
    assert [step.partition(" ")[0] for step in steps] == ["rollback:", "resume"]


def test_where_git_declares_the_same_nothing_is_suspended(apply: Apply, steps: list[str]) -> None:
    apply(differs=False)
    assert [step.partition(" ")[0] for step in steps] == ["rollback:"]


def test_where_somebody_deployed_meanwhile_nothing_is_done(apply: Apply, steps: list[str]) -> None:
    with pytest.raises(RollbackError, match="deployment 5 came meanwhile, and nothing was changed"):
        apply(differs=True, current=5)
    assert steps == []
