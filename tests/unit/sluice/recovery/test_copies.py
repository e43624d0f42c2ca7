from __future__ import annotations

import json
from pathlib import Path

import pytest

from sluice.backend.local_state import LocalState
from sluice.errors import RepositoryError
from sluice.recovery.copies import remove_cut_off, restore


@pytest.fixture
def state(tmp_path: Path) -> LocalState:
    local = LocalState(tmp_path, "infrastructure", "dev")
    for folder in (local.checkpoint.parent, local.history):
        folder.mkdir(parents=True)
    return local


def written(time: str) -> str:
    return json.dumps({"checkpoint": {"latest": {"manifest": {"time": time}, "resources": []}}})


def copy(state: LocalState, name: str, text: str) -> None:
    (state.history / f"{name}.checkpoint.json").write_text(text)


def test_a_state_that_can_be_read_and_one_that_never_was_are_left_alone(state: LocalState) -> None:
    assert not restore(state)
    state.checkpoint.write_text(written("2026-01-01"))
    copy(state, "dev-9", written("2026-02-02"))
    assert not restore(state)
    assert state.checkpoint.read_text() == written("2026-01-01")


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"checkpoint": null}'])
def test_the_newest_readable_copy_takes_the_place_of_a_damaged_state(
    state: LocalState, damaged: str
) -> None:
    state.checkpoint.write_text(damaged)
    copy(state, "dev-1", written("2026-01-01"))
    copy(state, "dev-2", written("2026-02-02"))
    copy(state, "dev-3", "{")
    assert restore(state)
    assert state.checkpoint.read_text() == written("2026-02-02")
    assert (state.checkpoint.parent / "dev.damaged-1").read_text() == damaged


def test_what_the_backend_notes_beside_its_files_is_removed_where_it_was_cut_off(
    state: LocalState,
) -> None:
    notes = {
        state.checkpoint.with_name(f"dev.json{part}.attrs"): text
        for part, text in (("", ""), (".bak", '{"user.content'), (".gz", '{"md5":null}'))
    }
    notes[state.history / "dev-1.history.json.attrs"] = ""
    notes[state.checkpoint.with_name("development.json.attrs")] = ""
    for file, text in notes.items():
        file.write_text(text)
    remove_cut_off(state)
    assert {file.name for file in notes if file.exists()} == {
        "dev.json.gz.attrs",
        "development.json.attrs",
    }


def test_each_damaged_state_is_kept(state: LocalState) -> None:
    copy(state, "dev-1", written("2026-01-01"))
    for damaged in ("one", "two"):
        state.checkpoint.write_text(damaged)
        assert restore(state)
    kept = [state.checkpoint.parent / f"dev.damaged-{number}" for number in (1, 2)]
    assert [file.read_text() for file in kept] == ["one", "two"]


def test_what_was_written_last_may_be_newer_than_any_update(state: LocalState) -> None:
    copy(state, "dev-1", written("2026-01-01"))
    (state.checkpoint.parent / "dev.json.bak").write_text(written("2026-01-02"))
    assert restore(state)
    assert state.checkpoint.read_text() == written("2026-01-02")


def test_a_stack_that_was_removed_is_not_brought_back(state: LocalState) -> None:
    (state.checkpoint.parent / "dev.json.bak").write_text(written("2026-01-02"))
    assert not restore(state)
    assert not state.checkpoint.exists()


def test_a_damaged_state_without_a_copy_is_kept_and_what_to_do_said(state: LocalState) -> None:
    state.checkpoint.write_text("{")
    with pytest.raises(RepositoryError, match=r"cannot be read .* and there is no copy; put back"):
        restore(state)
    assert state.checkpoint.read_text() == "{"
