from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.errors import PatchError
from toolchain.patches import PATCHES, Patch, apply_patch, patches_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATCH = Patch(
    module="example.com/module",
    version="v1.0.0",
    file="pkg/code.go",
    old="Old",
    new="New",
    count=2,
    programs=("tool",),
    reason="an example",
)


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Path]:
    """A module as Go's cache keeps it: read-only."""
    folder = tmp_path / "module"
    (folder / "pkg").mkdir(parents=True)
    (folder / "go.mod").write_text("module example.com/module\n")
    (folder / "pkg" / "code.go").write_text("Old Old\n")
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    (folder / "pkg").chmod(0o755)


def test_the_copy_is_corrected_and_complete(module: Path, tmp_path: Path) -> None:
    apply_patch(PATCH, module, tmp_path / "patched")
    assert (tmp_path / "patched" / "pkg" / "code.go").read_text() == "New New\n"
    assert (tmp_path / "patched" / "go.mod").is_file()
    assert (module / "pkg" / "code.go").read_text() == "Old Old\n"


def test_an_applied_patch_is_left_alone(module: Path, tmp_path: Path) -> None:
    apply_patch(PATCH, module, tmp_path / "patched")
    time = (tmp_path / "patched").stat().st_ctime_ns
    apply_patch(PATCH, module, tmp_path / "patched")
    assert (tmp_path / "patched").stat().st_ctime_ns == time


def test_a_changed_patch_is_applied_anew(module: Path, tmp_path: Path) -> None:
    apply_patch(PATCH, module, tmp_path / "patched")
    apply_patch(replace(PATCH, new="Newer"), module, tmp_path / "patched")
    assert (tmp_path / "patched" / "pkg" / "code.go").read_text() == "Newer Newer\n"


@pytest.mark.parametrize(("old", "times"), [("Absent", 0), ("O", 2)])
def test_a_text_that_is_not_as_expected_is_an_error(
    module: Path, tmp_path: Path, old: str, times: int
) -> None:
    patch = replace(PATCH, old=old, count=1)
    with pytest.raises(PatchError, match=rf"pkg/code\.go of example\.com/module .* {times} times"):
        apply_patch(patch, module, tmp_path / "patched")
    assert not (tmp_path / "patched").exists()


def test_a_file_that_is_gone_is_an_error(module: Path, tmp_path: Path) -> None:
    with pytest.raises(PatchError, match=r"there is no pkg/gone\.go"):
        apply_patch(replace(PATCH, file="pkg/gone.go"), module, tmp_path / "patched")


def test_only_the_patches_of_the_wanted_programs_apply() -> None:
    assert [patch.module for patch in patches_for(["kwok", "pulumi"])] == ["sigs.k8s.io/kwok"]
    assert patches_for(["pulumi", "helm"]) == ()


def test_every_patch_changes_something_and_says_why() -> None:
    for patch in PATCHES:
        assert patch.old != patch.new
        assert patch.count > 0
        assert patch.reason
