"""Notes what a program reads, in a file of the folder that `SLUICE_READS` names.

Python runs this module of the path before everything else. Opening files and
listing directories is audited by Python; asking whether a file exists is not,
so those calls are wrapped. What is noted is read by `sluice.inputs.reads`.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_FOLDER = os.environ.get("SLUICE_READS", "")
_PROGRAM = "pulumi-language-python-exec"
# The second is where a program of an earlier commit, which a rollback runs, has it.
_CHART_CACHE = (
    "/components/lib/artifacts/chart_cache.py",
    "/components/artifacts/chart_cache.py",
)
# What may bring in something that no file of the repository says.
_UNKNOWN = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "socket.connect",
    "socket.sendto",
    "sqlite3.connect",
)
# What the command hands to its program: no input of what that declares.
_HANDED = {
    os.environ[name] + end
    for name in ("SLUICE_STATE", "SLUICE_PRUNING")
    if name in os.environ
    for end in ("", ".answer")
}
_ASKING = ("access", "lstat", "readlink", "stat")
_IMPORTING = "<frozen importlib._bootstrap_external>"


class _Notes:
    """What the process has read so far: absolute paths, by how."""

    def __init__(self) -> None:
        self._paths: dict[str, set[str]] = {
            how: set() for how in ("opened", "listed", "searched", "asked")
        }
        self._modules: set[str] = set()
        self._rendered: list[tuple[str, str]] = []
        self._unknown: set[str] = set()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one of Python's audit events."""
        if event == "open":
            self.note("opened", arguments[0])
        elif event in ("os.listdir", "os.scandir"):
            importing = sys._getframe(1).f_code.co_filename == _IMPORTING  # noqa: SLF001 - cheap
            self.note("searched" if importing else "listed", arguments[0] or ".")
        elif event == "os.chdir":
            self.note("asked", arguments[0])
        elif event == "subprocess.Popen":
            self._run(arguments)
        elif event in _UNKNOWN and not _is_locked_chart():
            self._unknown.add(event)

    def note(self, how: str, path: Any, folder: int | None = None) -> None:
        """Take a path, relative to an open directory or to the one that is current now."""
        if isinstance(path, int):
            if how == "opened":
                return  # noted when it was given its number
            folder, path = path, ""
        text = os.fsdecode(path)
        if folder is not None:
            text = os.path.join(_readlink(f"/proc/self/fd/{folder}"), text)
        if text in _HANDED:
            return
        # As it was said: what a `..` behind a link leaves is for the reader of the notes to find.
        self._paths[how].add(text if text.startswith("/") else os.path.join(os.getcwd(), text))

    def find_spec(self, name: str, *_: Any) -> None:
        """Note the name of a module that is looked for; others find it."""
        self._modules.add(name.rpartition(".")[2])

    def _run(self, arguments: tuple[Any, ...]) -> None:
        program, command = os.fspath(arguments[0]), [os.fsdecode(part) for part in arguments[1]]
        if os.path.basename(program) != "kubectl" or command[1:2] != ["kustomize"]:
            self._unknown.add(f"the program {os.fsdecode(program)}")
            return
        with open(os.path.join(command[-1], "kustomization.yaml")) as file:
            self._rendered.append((command[-1], file.read()))

    def write(self) -> None:
        """Write it down, as the process ends."""
        for path, finder in sys.path_importer_cache.items():
            if finder is None:  # no folder, when modules were looked for there
                self.note("asked", path)
        noted: dict[str, Any] = {how: sorted(paths) for how, paths in self._paths.items()}
        noted["rendered"] = self._rendered
        noted["modules"] = sorted(self._modules)
        noted["unknown"] = sorted(self._unknown)
        noted["program"] = any(_PROGRAM in argument for argument in sys.orig_argv)
        name = os.path.join(_FOLDER, f"{os.getpid()}.json")
        with open(name, "w") as file:
            json.dump(noted, file)


def _is_locked_chart() -> bool:
    # Its digest, which is checked, is in the lock file.
    frame = sys._getframe()  # noqa: SLF001 - inspect would read every source on the way
    while frame is not None:
        if frame.f_code.co_filename.endswith(_CHART_CACHE):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _noting(notes: _Notes, how: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def noting(path: Any, *arguments: Any, dir_fd: int | None = None, **options: Any) -> Any:
        notes.note(how, path, dir_fd)
        return call(path, *arguments, dir_fd=dir_fd, **options)

    return noting


_readlink = os.readlink
_supports = (
    os.supports_dir_fd,
    os.supports_effective_ids,
    os.supports_fd,
    os.supports_follow_symlinks,
)


def _begin() -> None:
    notes = _Notes()
    sys.addaudithook(notes.hear)
    sys.meta_path.insert(0, notes)
    for name, how in (*((name, "asked") for name in _ASKING), ("open", "opened")):
        wrapped = _noting(notes, how, getattr(os, name))
        for group in _supports:
            if getattr(os, name) in group:
                group.add(wrapped)
        setattr(os, name, wrapped)
    atexit.register(notes.write)


if _FOLDER:
    _begin()
