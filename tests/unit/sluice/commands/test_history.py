"""How `sluice history` is read, by people and by programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sluice.backend.state import StackState
from sluice.commands import history as history_module
from sluice.commands.history import history

if TYPE_CHECKING:
    from tests.unit.sluice.conftest import MakeRepository

ROW = {
    "version": 0,
    "kind": "update",
    "startTime": "2026-11-23T21:00:00.000Z",
    "endTime": "2026-11-23T21:00:07.000Z",
    "message": "Merge pull request 'more agents' (#12) from agents into main",
    "environment": {"git.head": "1" * 40, "git.author": "Ada", "git.author.email": "a@example.com"},
    "result": "succeeded",
    "resourceChanges": {"create": 2, "update": 1, "same": 3},
}
DRIFT = {**ROW, "message": "drift: put back", "result": "failed", "resourceChanges": {"same": 6}}


@pytest.fixture(autouse=True)
def _deployed(repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository(dev="").root)
    monkeypatch.setattr(history_module, "enter", lambda _repository: None)
    monkeypatch.setattr(StackState, "history", lambda _state: [DRIFT, ROW])


def run(*arguments: str) -> str:
    result = CliRunner().invoke(history, ["dev", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_newest_deployment_is_last() -> None:
    header, first, second = run().splitlines()
    assert header.split() == [
        *("DEPLOYMENT", "STARTED", "TOOK", "RESULT", "CAUSE", "COMMIT", "PR", "AUTHOR", "CHANGED")
    ]
    assert first.split() == [
        *("1", "2026-11-23", "21:00:00", "7s", "succeeded", "by", "hand", "1111111", "#12", "Ada"),
        *("+2", "~1"),
    ]
    assert second.split()[4:] == ["failed", "drift", "1111111", "-", "Ada", "-"]


def test_wide_tells_the_message() -> None:
    assert run("-o", "wide").splitlines()[2].endswith("drift: put back")


def test_only_the_newest_are_shown_with_their_numbers() -> None:
    shown = run("--limit", "1").splitlines()
    assert [row.split()[0] for row in shown] == ["DEPLOYMENT", "2"]


def test_programs_read_every_field() -> None:
    first, _second = json.loads(run("-o", "json"))
    assert first == {
        "number": 1,
        "commit": "1" * 40,
        "dirty": False,
        "author": "Ada <a@example.com>",
        "pull_request": 12,
        "started": "2026-11-23T21:00:00Z",
        "seconds": 7.0,
        "counts": {"create": 2, "update": 1, "same": 3},
        "result": "succeeded",
        "cause": "by hand",
        "message": "Merge pull request 'more agents' (#12) from agents into main",
    }
