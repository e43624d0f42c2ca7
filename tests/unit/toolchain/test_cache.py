from __future__ import annotations

import errno
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from toolchain.cache import disk_errors, link_or_copy, locked, staged
from toolchain.errors import CacheError

if TYPE_CHECKING:
    from pathlib import Path

KILLED = """
import sys, time
from pathlib import Path
from toolchain.cache import locked, staged
cache = Path(sys.argv[1])
with locked(cache, "tool", print), staged(cache / "programs" / "tool") as folder:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(30)
"""


SURVIVED = """
import subprocess, sys, time
from pathlib import Path
from toolchain.cache import locked
with locked(Path(sys.argv[1]), "tool", print):
    subprocess.Popen(["sleep", "0.5"], close_fds=False, stdout=subprocess.DEVNULL)
    print("ready", flush=True)
    time.sleep(30)
"""


def test_a_staged_folder_appears_complete(tmp_path: Path) -> None:
    target = tmp_path / "programs" / "tool"
    with staged(target) as folder:
        (folder / "tool").write_text("whole")
        assert not target.exists()
    assert (target / "tool").read_text() == "whole"
    assert target.stat().st_mode & 0o777 == 0o755
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "programs" / "tool"

    def fail() -> None:
        with staged(target) as folder:
            (folder / "tool").write_text("half")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert list(target.parent.iterdir()) == []


def test_a_killed_process_leaves_no_lock_and_nothing_half_done(tmp_path: Path) -> None:
    target = tmp_path / "programs" / "tool"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.kill()
    child.communicate()
    assert not target.exists()
    assert len(list(target.parent.iterdir())) == 1
    waits = []
    with locked(tmp_path, "tool", waits.append), staged(target) as folder:
        (folder / "tool").write_text("whole")
    assert waits == []
    assert list(target.parent.iterdir()) == [target]


def test_what_outlives_a_killed_process_is_waited_for(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SURVIVED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.kill()
    child.communicate()
    waits: list[str] = []
    with locked(tmp_path, "tool", waits.append):
        assert len(waits) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "your quota is used up"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_a_disk_that_takes_no_more_is_one_clear_error(
    tmp_path: Path, code: int, words: str
) -> None:
    message = f"cannot write in {tmp_path}: {words} at file;"
    with pytest.raises(CacheError, match=message), disk_errors(tmp_path):
        raise OSError(code, "errno's words", "file")


def test_another_error_of_the_system_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConnectionRefusedError), disk_errors(tmp_path):
        raise ConnectionRefusedError


def test_a_file_system_without_links_gets_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EXDEV, "cross-device link")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "source").write_text("content")
    link_or_copy(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_text() == "content"
