"""A machine of its own for each test, a vendor on loopback, and a Go that is a script."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from toolchain.machine import Machine, Platform
from toolchain.records import Checksum, GoBuild, Program, Release, VersionCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    ArchiveMaker = Callable[..., bytes]
    GithubMaker = Callable[[str, str], bytes]
    PathMaker = Callable[[str, str], Path]
    Starter = Callable[["Vendor", Path], subprocess.Popen[str]]
    ToolMaker = Callable[..., Program]

GO = """#!/bin/sh
echo "$@" >> "{log}"
case "$1 $2" in
"mod download") echo '{{"Dir": "{modules}"}}' ;;
"list -m") echo '{modules}' ;;
build*)
    if [ -e "{log}.fails" ]; then
        printf '# example.com/tool\\nmain.go:1: broken\\n' >&2
        exit 1
    fi
    while [ "$1" != -o ]; do shift; done
    out=$2; shift 2
    for package in "$@"; do
        echo "$package" >&2
        printf '#!/bin/sh\\necho "$(basename "$0") v1.2.3"\\n' > "$out$(basename "$package")"
        chmod +x "$out$(basename "$package")"
    done ;;
esac
"""

CHILD = """
import sys
from pathlib import Path
from toolchain.download import Downloader
from toolchain.machine import Machine, Platform
from toolchain.records import Checksum, GoBuild, Program, Release

base, cache = sys.argv[1:]
url = base + "/tool-{version}.tar.gz"
release = Release(url, (Checksum(url + ".sha256"),), {"tool": "tool"})
program = Program("tool", "1.2.3", GoBuild("go", "./tool", "tool"), {"linux": release})
machine = Machine(Platform("linux", "amd64"), Path(cache), "", Path(cache), Path(cache))
Downloader().install([program], machine, lambda text: print(text, flush=True))
"""


@dataclass
class Vendor:
    """A download server: its files by path, and how often each was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    stalled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    stalls: str = ""

    def publish(self, path: str, content: bytes) -> None:
        """Serve a file, and its checksum as `sha256sum` prints it."""
        self.files[path] = content
        digest = hashlib.sha256(content).hexdigest()
        name = path.rsplit("/", 1)[-1]
        self.files[f"{path}.sha256"] = f"{digest}  {name}\n".encode()


def handler_for(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            vendor.asked[self.path] += 1
            content = vendor.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(vendor.promised.get(self.path, len(content))))
            self.end_headers()
            try:
                self._send(content)
            except OSError:
                self.close_connection = True

        def _send(self, content: bytes) -> None:
            half = len(content) // 2
            self.wfile.write(content[:half])
            if self.path == vendor.stalls:
                self.wfile.flush()
                vendor.stalled.set()
                vendor.released.wait(10)
            self.wfile.write(content[half:])

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(vendor))
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield vendor
    vendor.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it but a repository with an empty wrapper module."""
    wrapper = tmp_path / "repository" / "toolchain" / "go"
    (wrapper / "tool").mkdir(parents=True)
    (wrapper / "go.mod").write_text("module example.com/wrapper\n")
    (wrapper / "go.sum").write_text("")
    (wrapper / "tool" / "main.go").write_text("package main\n")
    (tmp_path / "path").mkdir()
    return Machine(
        platform=Platform("linux", "amd64"),
        cache=tmp_path / "cache",
        search_path=f"{tmp_path / 'path'}:/usr/bin:/bin",
        pulumi_home=tmp_path / "pulumi",
        repository=tmp_path / "repository",
    )


@pytest.fixture
def on_path(tmp_path: Path) -> PathMaker:
    """Put an executable on the machine's PATH that prints a text."""

    def put(name: str, says: str) -> Path:
        file = tmp_path / "path" / name
        file.write_text(f"#!/bin/sh\necho '{says}'\n")
        file.chmod(0o755)
        return file

    return put


@dataclass
class FakeGo:
    """What the fake Go was asked, and whether its builds fail."""

    log: Path

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def break_builds(self) -> None:
        self.log.with_name(self.log.name + ".fails").touch()


@pytest.fixture
def go(tmp_path: Path, machine: Machine) -> FakeGo:
    """A Go on PATH that writes a script for each package it is asked to build."""
    modules = tmp_path / "modules"
    modules.mkdir()
    file = machine.repository.parent / "path" / "go"
    file.write_text(GO.format(log=tmp_path / "go.log", modules=modules))
    file.chmod(0o755)
    return FakeGo(tmp_path / "go.log")


@pytest.fixture
def tool(vendor: Vendor) -> ToolMaker:
    """Make a program that the vendor may publish and that Go can build."""

    def make(name: str = "tool", *, companions: Sequence[str] = (), **go: object) -> Program:
        url = vendor.url + "/" + name + "-{version}.tar.gz"
        members = {file: file for file in (name, *companions)}
        return Program(
            name,
            "1.2.3",
            go=GoBuild("go", f"./{name}", name, **go),  # type: ignore[arg-type]
            releases={"linux": Release(url, (Checksum(url + ".sha256"),), members)},
            check=VersionCheck(("version",), r"v(\S+)"),
            companions=tuple(companions),
        )

    return make


@pytest.fixture
def archive() -> ArchiveMaker:
    """Make a `.tar.gz` of files that all hold a script."""

    def make(*names: str) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name in names:
                content = b"#!/bin/sh\necho v1.2.3\n"
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return buffer.getvalue()

    return make


@pytest.fixture
def start_download() -> Iterator[Starter]:
    """Start another process that downloads `tool` into a cache."""
    children: list[subprocess.Popen[str]] = []

    def start(vendor: Vendor, cache: Path) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, vendor.url, str(cache)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def github_release() -> GithubMaker:
    """Describe a release as GitHub's API does."""

    def make(file: str, digest: str) -> bytes:
        return json.dumps({"assets": [{"name": file, "digest": digest}]}).encode()

    return make
