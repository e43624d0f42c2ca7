from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.errors import ArtifactError
from components.lib.files.strict_yaml import load_mapping

if TYPE_CHECKING:
    from pathlib import Path


def test_scalars_stay_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("version: 12.10\nday: 2026-11-23\non: yes\n")
    assert load_mapping(file) == {"version": "12.10", "day": "2026-11-23", "on": "yes"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a: 1\na: 2\n", "file.yaml:2 is not valid: the key 'a' occurs twice"),
        (b"a:\n  b: 1\n  b: 2\n", "file.yaml:3 is not valid: the key 'b' occurs twice"),
        (b"<<<<<<< HEAD\na: 1\n=======\na: 2\n", "file.yaml:2 is not valid"),
        (b"? [a]\n: 1\n", "file.yaml:1 is not valid: found unhashable key"),
        (b"a: \x00\n", "file.yaml is not valid YAML"),
        (b"a: \xff\n", "file.yaml is not UTF-8 text"),
        (b"text\n", "file.yaml holds no mapping"),
    ],
)
def test_what_is_broken_is_said_with_its_place(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(content)
    with pytest.raises(ArtifactError) as refusal:
        load_mapping(file)
    assert complaint in str(refusal.value)


def test_a_folder_in_its_place_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot be read: Is a directory"):
        load_mapping(tmp_path)
