"""A PostgreSQL server of Debian's: the machine's own, else its package, only unpacked."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "sluice" / "debian"
_READY_SECONDS = 60
# The server refuses to run as root.
_IS_ROOT = os.geteuid() == 0
_USER = pwd.getpwnam("nobody") if _IS_ROOT else pwd.getpwuid(os.geteuid())
_AS_USER: dict[str, Any] = (
    {"user": _USER.pw_uid, "group": _USER.pw_gid, "extra_groups": []} if _IS_ROOT else {}
)


@contextmanager
def postgres() -> Iterator[str]:
    """Give the URL of an empty database, on a free port of loopback; stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="sluice-postgres-") as folder:
        root = Path(folder)
        os.chown(root, _USER.pw_uid, _USER.pw_gid)
        programs, libraries = _installed() or _unpacked(root / "package")
        server = _Server(root, programs, libraries)
        server.start()
        try:
            yield f"postgres://sluice@127.0.0.1:{server.port}/postgres?sslmode=disable"
        finally:
            server.stop()


class _Server:
    def __init__(self, root: Path, programs: Path, libraries: str) -> None:
        self.port = _free_port()
        self._root, self._programs, self._libraries = root, programs, libraries

    def start(self) -> None:
        data = str(self._root / "data")
        self._run("initdb", "-D", data, "-U", "sluice", "-A", "trust", "-E", "UTF8", "--no-sync")
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        log = str(self._root / "log")
        self._run(
            *("pg_ctl", "-D", data, "-w", "-t", str(_READY_SECONDS), "-l", log),
            *("-o", f"-p {self.port} -c jit=off {options}", "start"),
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._root / "data"), "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._root,
            env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": self._libraries, "LC_ALL": "C"},
            **_AS_USER,
        )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _installed() -> tuple[Path, str] | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return (found[-1].parent, "") if found else None


def _unpacked(folder: Path) -> tuple[Path, str]:
    """Unpack the newest server that Debian has, with what it needs and the machine has not."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    server = _depends("postgresql")[0]
    wanted = [name for name in _depends(server) if name.startswith("lib")]
    missing = [name for name in wanted if not _is_there(name)]
    for name in (server, *missing):
        if not list(_CACHE.glob(f"{name}_*.deb")):
            _call("apt-get", "download", "-q", name)
        (package,) = list(_CACHE.glob(f"{name}_*.deb"))[:1]
        _call("dpkg-deb", "-x", str(package), str(folder))
    libraries = [str(path) for path in (folder / "usr" / "lib").glob("*-linux-gnu")]
    (initdb,) = folder.glob("usr/lib/postgresql/*/bin/initdb")
    return initdb.parent, os.pathsep.join(libraries)


def _depends(package: str) -> list[str]:
    shown = _call("apt-cache", "depends", "--no-recommends", "--no-suggests", package)
    lines = (line.strip().removeprefix("|") for line in shown.splitlines())
    names = [line.partition(": ")[2] for line in lines if line.startswith("Depends: ")]
    return [name for name in names if not name.startswith("<")]


def _is_there(package: str) -> bool:
    try:
        answer = _call("dpkg-query", "--show", "--showformat=${Status}", package)
    except subprocess.CalledProcessError:
        return False
    return answer.endswith(" installed")


def _call(program: str, *arguments: str) -> str:
    command = [shutil.which(program) or program, *arguments]
    return subprocess.run(command, cwd=_CACHE, check=True, stdout=subprocess.PIPE, text=True).stdout
