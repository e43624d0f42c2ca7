"""One holder at a time, whoever races, and whatever a dead one has left."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sluice.errors import LockedError
from sluice.stack import process_lock
from sluice.stack.process_lock import held
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from sluice.stack.repository import Repository
    from tests.unit.sluice.conftest import MakeRepository

AT_ONCE = timedelta(0)
ROUNDS = 50
STARTER = """
import sys
from datetime import timedelta
from pathlib import Path
from sluice.errors import LockedError
from sluice.stack import process_lock
from sluice.stack.process_lock import held
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

stack = Stack(Repository(Path(sys.argv[1])), "dev")
print("ready", flush=True)
for line in sys.stdin:
    try:
        with held(stack, "reconcile", wait=timedelta(0)):
            print("won", flush=True)
            sys.stdin.readline()
    except LockedError:
        print("lost", flush=True)
        sys.stdin.readline()
    print("ended", flush=True)
"""


class Starter:
    """Another process, which tries to hold the lock when it is told to, until it is told to end."""

    def __init__(self, repository: Repository) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTER, str(repository.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.says() == "ready"

    def tell(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def says(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@contextmanager
def starter(repository: Repository) -> Iterator[Starter]:
    other = Starter(repository)
    yield other
    with other.process:
        other.process.kill()


@contextmanager
def holder(repository: Repository) -> Iterator[Starter]:
    with starter(repository) as other:
        other.tell()
        assert other.says() == "won"
        yield other


def test_of_two_that_race_exactly_one_wins_each_of_50_rounds(repository: MakeRepository) -> None:
    platform = repository(dev="")
    with starter(platform) as one, starter(platform) as two:
        for _round in range(ROUNDS):
            one.tell()
            two.tell()
            assert {one.says(), two.says()} == {"won", "lost"}
            one.tell()
            two.tell()
            assert (one.says(), two.says()) == ("ended", "ended")


def test_who_waits_is_told_for_whom_and_goes_on_when_they_end(
    repository: MakeRepository, caplog: pytest.LogCaptureFixture
) -> None:
    platform = repository(dev="")
    with holder(platform) as other, caplog.at_level(logging.WARNING):
        ending = threading.Timer(0.1, other.tell)
        ending.start()
        with held(Stack(platform, "dev"), "up"):
            assert other.says() == "ended"
        ending.join()
    assert "dev: waiting for reconcile of" in caplog.text
    assert f"(process {other.process.pid}) since" in caplog.text


def test_who_waits_long_is_told_again(
    repository: MakeRepository, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process_lock, "_TOLD_SECONDS", 0.05)
    platform = repository(dev="")
    with (
        holder(platform),
        pytest.raises(LockedError, match="waited 1 s"),
        held(Stack(platform, "dev"), "up", wait=timedelta(seconds=1)),
    ):
        pass
    assert caplog.text.count("dev: waiting for reconcile of") > 1


def test_who_waited_too_long_is_told_who_holds_it(repository: MakeRepository) -> None:
    platform = repository(dev="")
    with (
        holder(platform) as other,
        pytest.raises(LockedError, match=rf"reconcile of .*\(process {other.process.pid}\)"),
        held(Stack(platform, "dev"), "up", wait=AT_ONCE),
    ):
        pass
    assert LockedError.exit_code == 4


def test_a_process_that_was_killed_holds_nothing(repository: MakeRepository) -> None:
    platform = repository(dev="")
    with holder(platform) as other:
        other.process.kill()
        other.process.wait()
        with held(Stack(platform, "dev"), "up", wait=AT_ONCE):
            note = json.loads((platform.local / "locks" / "dev.json").read_text())
            assert note["pid"] == os.getpid()


def test_the_holder_may_take_it_again_and_keeps_it_until_the_first_ends(
    repository: MakeRepository,
) -> None:
    platform = repository(dev="")
    note = platform.local / "locks" / "dev.json"
    with held(Stack(platform, "dev"), "reconcile"):
        with held(Stack(platform, "dev"), "up", wait=AT_ONCE):
            pass
        assert json.loads(note.read_text())["what"] == "reconcile"
    assert not note.exists()


def test_a_clock_that_was_set_back_is_no_negative_time(repository: MakeRepository) -> None:
    platform = repository(dev="")
    with holder(platform):
        note = platform.local / "locks" / "dev.json"
        written = json.loads(note.read_text())
        note.write_text(json.dumps({**written, "since": "2999-01-01T00:00:00+00:00"}))
        with (
            pytest.raises(LockedError, match="since 00:00:00 UTC, 0 s ago"),
            held(Stack(platform, "dev"), "up", wait=AT_ONCE),
        ):
            pass


def test_a_note_that_cannot_be_read_hides_no_lock(repository: MakeRepository) -> None:
    platform = repository(dev="")
    with holder(platform):
        (platform.local / "locks" / "dev.json").write_text("{")
        with (
            pytest.raises(LockedError, match="dev: held by another process"),
            held(Stack(platform, "dev"), "up", wait=AT_ONCE),
        ):
            pass
