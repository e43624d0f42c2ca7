from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from sluice.backend import command as pulumi_command
from sluice.backend.command import (
    CommandError,
    ConcurrentUpdateError,
    KilledError,
    StackNotFoundError,
)


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` on PATH that does what a test writes into it."""
    program = tmp_path / "pulumi"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


def test_each_line_is_told_and_all_are_returned(pulumi: Path, tmp_path: Path) -> None:
    pulumi.write_text('#!/bin/sh\necho "$@ $WORD in $PWD"\necho second\necho aside >&2\n')
    told: list[str] = []
    output = pulumi_command.run(["up", "--yes"], tmp_path, {"WORD": "here"}, told.append)
    assert told == [f"--non-interactive up --yes here in {tmp_path}", "second"]
    assert output == "\n".join(told)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("error: no stack named 'dev' found", StackNotFoundError),
        ("error: the stack is currently locked by 1 lock(s)", ConcurrentUpdateError),
        ("error: [409] Conflict: Another update is currently in progress.", ConcurrentUpdateError),
        ("error: something else", CommandError),
    ],
)
def test_a_failure_is_told_apart(
    pulumi: Path, tmp_path: Path, said: str, error: type[CommandError]
) -> None:
    pulumi.write_text(f'#!/bin/sh\necho begun\necho "{said}" >&2\nexit 255\n')
    with pytest.raises(error) as failure:
        pulumi_command.run(["up"], tmp_path, {})
    assert failure.type is error
    assert str(failure.value).split() == f"code: 255 stdout: begun stderr: {said}".split()


@pytest.mark.parametrize(
    "error",
    [
        "could not create table pulumi_state: pq: duplicate key value (23505)",
        "error: failed to load checkpoint: EOF",
    ],
)
def test_what_another_command_writes_in_that_moment_is_waited_for(
    pulumi: Path, tmp_path: Path, error: str
) -> None:
    pulumi.write_text(f'#!/bin/sh\nmkdir again && echo "{error}" >&2 && exit 255\necho done\n')
    assert pulumi_command.run(["up"], tmp_path, {}) == "done"


def test_a_state_table_that_cannot_be_made_is_not_tried_for_ever(
    pulumi: Path, tmp_path: Path
) -> None:
    pulumi.write_text('#!/bin/sh\necho "could not create table: (23505)" >&2\nexit 255\n')
    with pytest.raises(CommandError, match="23505"):
        pulumi_command.run(["up"], tmp_path, {})


def test_a_killed_pulumi_is_a_sentence_and_not_what_it_printed(
    pulumi: Path, tmp_path: Path
) -> None:
    pulumi.write_text('#!/bin/sh\necho "{}"\nkill -KILL $$\n')
    with pytest.raises(KilledError, match="pulumi was ended by SIGKILL, which"):
        pulumi_command.run(["up"], tmp_path, {})


def test_what_pulumi_has_started_ends_with_it(pulumi: Path, tmp_path: Path) -> None:
    pulumi.write_text("#!/bin/sh\nsleep 1000 >/dev/null 2>&1 &\necho $!\n")
    sleeping = int(pulumi_command.run(["up"], tmp_path, {}))
    psutil.wait_procs([each for each in psutil.process_iter() if each.pid == sleeping], timeout=5)
    assert not psutil.pid_exists(sleeping)
