from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.download import Downloader, release_folder
from toolchain.errors import ChecksumError, DownloadError
from toolchain.records import Checksum, Release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.toolchain.conftest import ArchiveMaker, GithubMaker, Starter, ToolMaker, Vendor
    from toolchain.machine import Machine


def ignore(_text: str) -> None:
    pass


def leftovers(machine: Machine) -> list[Path]:
    return [path for path in machine.cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_verified_release_is_unpacked(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool", "other"))
    Downloader().install([tool()], machine, ignore)
    folder = release_folder(tool(), machine)
    assert [path.name for path in folder.iterdir()] == ["tool"]
    assert (folder / "tool").stat().st_mode & 0o777 == 0o755
    assert leftovers(machine) == [folder / "tool"]


def test_what_is_cached_is_not_fetched_again(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    for _ in range(2):
        Downloader().install([tool()], machine, ignore)
    assert vendor.asked["/tool-1.2.3.tar.gz"] == 1


def test_programs_of_one_archive_are_fetched_once(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool", "host", "host-exec"))
    release = tool().releases["linux"]
    members = {"host": "host", "host-exec": "host-exec"}
    host = replace(
        tool("host", companions=["host-exec"]),
        releases={"linux": replace(release, members=members)},
    )
    Downloader().install([tool(), host], machine, ignore)
    assert vendor.asked["/tool-1.2.3.tar.gz"] == 1
    assert (release_folder(host, machine) / "host-exec").is_file()


def test_a_wrong_checksum_discards_the_file(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    vendor.files["/tool-1.2.3.tar.gz"] = archive("tool", "evil")
    with pytest.raises(ChecksumError, match=r"the vendor published .*discarded"):
        Downloader().install([tool()], machine, ignore)
    assert leftovers(machine) == []


def test_a_missing_checksum_is_an_error_before_anything_is_fetched(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.files["/tool-1.2.3.tar.gz"] = archive("tool")
    with pytest.raises(DownloadError, match=r"sha256 answers 404"):
        Downloader().install([tool()], machine, ignore)
    assert vendor.asked["/tool-1.2.3.tar.gz"] == 0


def test_a_checksum_list_without_the_file_is_an_error(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    vendor.files["/tool-1.2.3.tar.gz.sha256"] = b"0" * 64 + b"  other.tar.gz\n"
    with pytest.raises(DownloadError, match=r"publishes no SHA-256 for tool-1\.2\.3\.tar\.gz"):
        Downloader().install([tool()], machine, ignore)


def test_a_truncated_download_is_an_error(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    content = archive("tool")
    vendor.publish("/tool-1.2.3.tar.gz", content)
    vendor.promised["/tool-1.2.3.tar.gz"] = len(content) + 1000
    with pytest.raises(
        DownloadError, match=rf"ended after {len(content)} of {len(content) + 1000}"
    ):
        Downloader().install([tool()], machine, ignore)
    assert leftovers(machine) == []


def test_an_archive_without_the_program_is_an_error(
    machine: Machine, tool: ToolMaker, vendor: Vendor, archive: ArchiveMaker
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("other"))
    with pytest.raises(DownloadError, match="holds no tool"):
        Downloader().install([tool()], machine, ignore)
    assert leftovers(machine) == []


def test_a_platform_without_a_release_is_an_error(machine: Machine, tool: ToolMaker) -> None:
    with pytest.raises(DownloadError, match="none for linux/amd64"):
        Downloader().install([replace(tool(), releases={})], machine, ignore)


@pytest.mark.usefixtures("vendor")
def test_an_unreachable_host_is_asked_once(
    machine: Machine, tool: ToolMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def refuse(*_arguments: object, **_options: object) -> None:
        calls.append(1)
        raise OSError("no route")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    downloader = Downloader()
    for name in ("tool", "other"):
        with pytest.raises(DownloadError, match=r"cannot be reached \(no route\)"):
            downloader.install([tool(name)], machine, ignore)
    assert len(calls) == 1


@pytest.mark.parametrize("published", ["bare", "list", "starred list", "github"])
def test_every_form_of_checksum_is_understood(
    machine: Machine, tool: ToolMaker, vendor: Vendor, github_release: GithubMaker, published: str
) -> None:
    content = b"#!/bin/sh\n"
    digest = hashlib.sha256(content).hexdigest()
    vendor.files["/tool"] = content
    vendor.files["/sums"] = {
        "bare": digest.encode(),
        "list": f"{'0' * 64}  other\n{digest}  tool\n".encode(),
        "starred list": f"{digest.upper()} *./tool\n".encode(),
        "github": github_release("tool", f"sha256:{digest}"),
    }[published]
    checksum = Checksum(vendor.url + "/sums", published.removeprefix("starred "))
    program = replace(tool(), releases={"linux": Release(vendor.url + "/tool", (checksum,))})
    Downloader().install([program], machine, ignore)
    assert (release_folder(program, machine) / "tool").read_bytes() == content


def test_the_second_checksum_counts_where_the_first_is_not_published(
    machine: Machine, tool: ToolMaker, vendor: Vendor, github_release: GithubMaker
) -> None:
    vendor.files["/tool"] = b"tool"
    digest = hashlib.sha256(b"tool").hexdigest()
    vendor.files["/api"] = github_release("tool", f"sha256:{digest}")
    checksums = (Checksum(vendor.url + "/sums"), Checksum(vendor.url + "/api", "github"))
    program = replace(tool(), releases={"linux": Release(vendor.url + "/tool", checksums)})
    Downloader().install([program], machine, ignore)
    assert release_folder(program, machine).is_dir()


def test_a_release_without_a_digest_is_an_error(
    machine: Machine, tool: ToolMaker, vendor: Vendor
) -> None:
    vendor.files["/tool"] = b"tool"
    vendor.files["/api"] = b'{"assets": [{"name": "tool", "digest": null}]}'
    checksum = Checksum(vendor.url + "/api", "github")
    program = replace(tool(), releases={"linux": Release(vendor.url + "/tool", (checksum,))})
    with pytest.raises(DownloadError, match="publishes no SHA-256 for tool"):
        Downloader().install([program], machine, ignore)


def test_a_zip_archive_is_unpacked(machine: Machine, tool: ToolMaker, vendor: Vendor) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        pack.writestr("tool-1.2.3/tool", "content")
    vendor.publish("/tool.zip", buffer.getvalue())
    url = vendor.url + "/tool.zip"
    release = Release(url, (Checksum(url + ".sha256"),), {"tool": "tool-{version}/tool"})
    program = replace(tool(), releases={"linux": release})
    Downloader().install([program], machine, ignore)
    assert (release_folder(program, machine) / "tool").read_text() == "content"


def test_two_processes_fetch_once_and_the_second_says_that_it_waits(
    machine: Machine,
    tool: ToolMaker,
    vendor: Vendor,
    archive: ArchiveMaker,
    start_download: Starter,
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    vendor.stalls = "/tool-1.2.3.tar.gz"
    first = start_download(vendor, machine.cache)
    assert vendor.stalled.wait(5)
    second = start_download(vendor, machine.cache)
    assert second.stdout is not None
    assert "waiting for another process" in second.stdout.readline()
    vendor.released.set()
    assert first.wait(5) == 0
    assert second.wait(5) == 0
    assert vendor.asked["/tool-1.2.3.tar.gz"] == 1
    assert (release_folder(tool(), machine) / "tool").is_file()


def test_a_killed_download_leaves_nothing_half_done(
    machine: Machine,
    tool: ToolMaker,
    vendor: Vendor,
    archive: ArchiveMaker,
    start_download: Starter,
) -> None:
    vendor.publish("/tool-1.2.3.tar.gz", archive("tool"))
    vendor.stalls = "/tool-1.2.3.tar.gz"
    child = start_download(vendor, machine.cache)
    assert vendor.stalled.wait(5)
    child.kill()
    child.wait(5)
    assert not release_folder(tool(), machine).exists()
    vendor.stalls = ""
    Downloader().install([tool()], machine, ignore)
    assert leftovers(machine) == [release_folder(tool(), machine) / "tool"]
