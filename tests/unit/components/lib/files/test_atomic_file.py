from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from components.errors import ArtifactError
from components.lib.files import atomic_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_written_with_its_folders_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "chart.tgz"
    atomic_file.write(file, b"one")
    atomic_file.write(file, b"two")
    assert file.read_bytes() == b"two"
    assert list(file.parent.iterdir()) == [file]


def test_of_many_writers_one_wins_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    contents = [bytes([letter]) * 10_000 for letter in b"abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: atomic_file.write(file, content), contents))
    assert file.read_bytes() in contents


def test_a_full_disk_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "file"
    file.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactError, match=r"file cannot be written: No space left on device"):
        atomic_file.write(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(ArtifactError, match="cannot be written"):
        atomic_file.write(tmp_path / "cache" / "chart.tgz", b"")
