"""What is read from a file backend's folder."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sluice.backend.local_state import LocalState
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack


@pytest.fixture
def state(repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalState:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    found = Stack(repository(dev=""), "dev").local_state()
    assert found is not None
    found.checkpoint.parent.mkdir(parents=True)
    return found


def checkpoint(**latest: Any) -> bytes:
    content = {"version": 3, "checkpoint": {"latest": {"resources": [{"urn": "u"}], **latest}}}
    return json.dumps(content, separators=(",", ":")).encode()


@pytest.mark.parametrize("url", ["file://state", "file://./state?no_tmp_dir=false"])
def test_the_folder_is_found_as_pulumi_finds_it(
    repository: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    platform = repository(dev="")
    found = Stack(platform, "dev").local_state()
    assert found is not None
    assert found.folder == platform.root / "state" / ".pulumi"


def test_a_stack_in_the_old_layout_is_there(state: LocalState) -> None:
    assert not state.is_made
    (state.folder / "stacks" / "dev.json").touch()
    assert state.is_made


def test_a_state_kept_elsewhere_has_no_files(
    repository: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = repository(dev="")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    assert Stack(platform, "dev").local_state() is None
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    assert Stack(platform, "dev").local_state() is None


@pytest.mark.parametrize(
    ("content", "failed"),
    [
        (checkpoint(), False),
        (checkpoint(pending_operations=[{"type": "creating"}]), True),
        (checkpoint(resources=[{"urn": "u", "initErrors": ["not ready"]}]), True),
        (gzip.compress(checkpoint()), True),
    ],
    ids=["whole", "interrupted", "failed", "unreadable"],
)
def test_a_checkpoint_tells_whether_its_update_came_to_a_good_end(
    state: LocalState, content: bytes, failed: bool
) -> None:
    state.checkpoint.write_bytes(content)
    assert state.tells_of_failure() is failed


def test_a_stack_that_was_never_made_has_left_nothing_undone(state: LocalState) -> None:
    assert not state.tells_of_failure()


def test_the_locks_are_those_of_the_stack(state: LocalState) -> None:
    mine, others = (
        state.folder / "locks" / "organization" / "infrastructure" / stack / "1.json"
        for stack in ("dev", "prod")
    )
    assert state.locks() == []
    for lock in (mine, others):
        lock.parent.mkdir(parents=True)
        lock.write_text("{}")
    assert state.locks() == [mine]


def test_the_state_and_its_updates_are_told_as_pulumi_tells_them(state: LocalState) -> None:
    state.checkpoint.write_bytes(checkpoint())
    assert state.exported() == {"version": 3, "deployment": {"resources": [{"urn": "u"}]}}
    state.history.mkdir(parents=True)
    for ended, result in ((1795472579, "succeeded"), (1795472600, "failed")):
        update = {"startTime": ended - 9, "endTime": ended, "result": result, "config": {"a": "b"}}
        file = state.history / f"dev-{ended}481398406.history.json"
        file.write_text(json.dumps(update))
    newest, oldest = state.updates() or ()
    assert (newest["result"], oldest["result"]) == ("failed", "succeeded")
    assert oldest["startTime"] == "2026-11-23T22:22:50.000Z"
    assert "config" not in oldest
    assert state.updates(newest=1) == [newest]


def test_what_cannot_be_read_has_to_be_asked(state: LocalState) -> None:
    assert state.exported() is None
    state.checkpoint.write_bytes(gzip.compress(checkpoint()))
    assert state.exported() is None


def test_the_project_s_file_names_the_folder_unless_the_environment_does(
    repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = repository(dev="")
    file = platform.root / "Pulumi.yaml"
    file.write_text(f"{file.read_text()}backend: {{url: 'file://{tmp_path}/mine'}}\n")
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    found = Stack(platform, "dev").local_state()
    assert found is not None
    assert found.folder == tmp_path / "mine" / ".pulumi"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "postgres://db/states")
    assert Stack(Repository(platform.root), "dev").local_state() is None
