from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.bin import link_programs
from toolchain.download import release_folder
from toolchain.errors import CacheError, UnobtainableError
from toolchain.installer import Installer, Way
from toolchain.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.toolchain.conftest import ArchiveMaker, FakeGo, PathMaker, ToolMaker, Vendor
    from toolchain.machine import Machine
    from toolchain.records import Program


@pytest.fixture
def installed(machine: Machine) -> Callable[..., Installer]:
    """Obtain programs on the machine, and give the installer."""

    def run(*programs: Program) -> Installer:
        installer = Installer(programs, machine, Silent())
        installer.locate()
        installer.install()
        return installer

    return run


@pytest.fixture
def released(vendor: Vendor, archive: ArchiveMaker) -> Vendor:
    """The vendor, who has published a release of the tool."""
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    return vendor


@pytest.mark.usefixtures("go")
def test_path_comes_before_the_release(
    installed: Callable[..., Installer], tool: ToolMaker, on_path: PathMaker, released: Vendor
) -> None:
    file = on_path("tool", "v1.2.3")
    installer = installed(tool())
    assert installer.found == {"tool": {"tool": file}}
    assert installer.ways == {"tool": Way.PATH}
    assert not released.asked


@pytest.mark.usefixtures("released")
def test_the_cache_comes_before_path_which_would_have_to_be_asked(
    installed: Callable[..., Installer], tool: ToolMaker, on_path: PathMaker
) -> None:
    installed(tool())
    on_path("tool", "v1.2.3")
    assert installed(tool()).ways == {"tool": Way.CACHE}


@pytest.mark.usefixtures("released")
def test_the_release_comes_before_a_build(
    installed: Callable[..., Installer], tool: ToolMaker, go: FakeGo
) -> None:
    assert installed(tool()).ways == {"tool": Way.RELEASE}
    assert go.asked == []


def test_the_cache_comes_before_the_release(
    installed: Callable[..., Installer], tool: ToolMaker, released: Vendor
) -> None:
    installed(tool())
    released.asked.clear()
    assert installed(tool()).ways == {"tool": Way.CACHE}
    assert not released.asked


@pytest.mark.usefixtures("go")
def test_another_version_on_path_is_not_used(
    installed: Callable[..., Installer], tool: ToolMaker, on_path: PathMaker
) -> None:
    on_path("tool", "v1.2.4")
    assert installed(tool()).ways == {"tool": Way.BUILD}


@pytest.mark.usefixtures("go")
def test_without_a_release_it_is_built(
    installed: Callable[..., Installer], tool: ToolMaker
) -> None:
    assert installed(tool()).ways == {"tool": Way.BUILD}
    assert installed(tool()).ways == {"tool": Way.CACHE}


@pytest.mark.usefixtures("go")
def test_a_tampered_release_is_not_used(
    installed: Callable[..., Installer],
    tool: ToolMaker,
    vendor: Vendor,
    archive: ArchiveMaker,
    machine: Machine,
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    vendor.files["/tool-1.2.3.tar.gz"] = archive("evil")
    assert installed(tool()).ways == {"tool": Way.BUILD}
    assert not release_folder(tool(), machine).exists()


def test_the_error_tells_all_that_was_tried_in_order(
    installed: Callable[..., Installer], tool: ToolMaker, on_path: PathMaker, go: FakeGo
) -> None:
    on_path("tool", "v1.0.0")
    go.break_builds()
    with pytest.raises(UnobtainableError) as caught:
        installed(tool())
    lines = str(caught.value).splitlines()
    assert lines[0] == "no way led to tool 1.2.3"
    assert "1. on PATH: " in lines[1]
    assert lines[1].endswith("path/tool is 1.0.0, not 1.2.3")
    assert lines[2] == "  2. in the cache: not there"
    assert "3. the vendor's release: http://127.0.0.1:" in lines[3]
    assert "404" in lines[3]
    assert "4. a build with Go: # example.com/tool" in lines[4]
    assert lines[5] == "     main.go:1: broken"


def test_the_same_story_is_told_once(machine: Machine, tool: ToolMaker) -> None:
    programs = [replace(tool(name), releases={}) for name in ("one", "two")]
    installer = Installer(programs, replace(machine, search_path=""), Silent())
    installer.locate()
    with pytest.raises(UnobtainableError) as caught:
        installer.install()
    assert str(caught.value).splitlines() == [
        "no way led to one 1.2.3, two 1.2.3",
        "  1. on PATH: not there",
        "  2. in the cache: not there",
        "  3. the vendor's release: the vendor publishes none for linux/amd64",
        "  4. a build with Go: Go is not on PATH",
    ]


def test_what_was_obtained_before_a_failure_is_kept(
    installed: Callable[..., Installer],
    tool: ToolMaker,
    vendor: Vendor,
    archive: ArchiveMaker,
    machine: Machine,
) -> None:
    vendor.publish("/one-1.2.3.tar.gz", archive("one"))
    with pytest.raises(UnobtainableError, match=r"no way led to two 1\.2\.3\n"):
        installed(tool("one"), tool("two"))
    assert (release_folder(tool("one"), machine) / "one").is_file()


def test_a_full_disk_is_one_clear_error_and_the_next_run_goes_on(
    installed: Callable[..., Installer],
    tool: ToolMaker,
    vendor: Vendor,
    archive: ArchiveMaker,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", full)
        with pytest.raises(CacheError, match="the disk is full"):
            installed(tool())
    assert not release_folder(tool(), machine).exists()
    assert installed(tool()).ways == {"tool": Way.RELEASE}


@pytest.mark.usefixtures("go")
def test_the_folder_for_path_has_exactly_the_set(
    installed: Callable[..., Installer], tool: ToolMaker, on_path: PathMaker, machine: Machine
) -> None:
    outside = on_path("one", "v1.2.3")
    programs = (tool("one"), tool("two"))
    installer = installed(*programs)
    folder = link_programs(programs, installer.found, machine)
    assert sorted(path.name for path in folder.iterdir()) == ["one", "two"]
    assert (folder / "one").readlink() == outside
    assert (folder / "two").samefile(installer.found["two"]["two"])
    assert not (folder / "two").is_symlink()
    assert link_programs(programs, installer.found, machine) == folder


@pytest.mark.usefixtures("go")
def test_a_plugin_is_handed_to_pulumi_and_not_linked(
    tool: ToolMaker, on_path: PathMaker, machine: Machine
) -> None:
    on_path("pulumi", "").write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo v1.2.3 && exit\n'
        'for last; do :; done\nfolder="$PULUMI_HOME/plugins/resource-kubernetes-v1.2.3"\n'
        'mkdir -p "$folder" && cp "$last" "$folder/provider"\n'
    )
    programs = (tool("pulumi"), replace(tool("provider"), check=None, plugin="kubernetes"))
    for way in (Way.BUILD, Way.PATH):
        installer = Installer(programs, machine, Silent())
        installer.locate()
        installer.install()
        assert installer.ways["provider"] is way
        folder = link_programs(programs, installer.found, machine)
        assert [path.name for path in folder.iterdir()] == ["pulumi"]
