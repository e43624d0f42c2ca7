"""The virtual environment `.venv`: locked packages, and this project, editable.

A stamp in it records the locks that it was made from, so that nothing is done
when nothing changed; a mark made first and removed last tells an installation
that was interrupted, which is done again from scratch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from toolchain.cache import disk_errors, locked
from toolchain.errors import PackagesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from toolchain.machine import Machine

__all__ = ["RUNTIME", "TESTS", "VirtualEnvironment", "share_packages"]

RUNTIME = "requirements.txt"
TESTS = "requirements-dev.txt"
_LAST_LINES = 20
_COMPILED = ("components", "sluice", "toolchain")


@dataclass(frozen=True)
class VirtualEnvironment:
    """The virtual environment of a repository, holding what `requirements` locks.

    `requirements` is `RUNTIME`, or `TESTS`, which has all of the former.
    """

    machine: Machine
    requirements: str

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.machine.repository / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def is_current(self) -> bool:
        """Tell whether it holds what the lock and the project's metadata say."""
        return self._packages_current() and self._stamp().get("project") == self._project()

    def install(self, report: Callable[[str], None]) -> None:
        """Make it, or bring it up to date; `PackagesError` with pip's last words."""
        with self._locked(report):
            self._update_packages(report)
            if self._stamp().get("project") != self._project():
                self._install_project(report)

    def install_packages(self, report: Callable[[str], None]) -> None:
        """Do so without the project itself, which then need not be there."""
        with self._locked(report):
            self._update_packages(report)

    @contextmanager
    def _locked(self, report: Callable[[str], None]) -> Iterator[None]:
        place = hashlib.sha256(str(self.machine.repository).encode()).hexdigest()[:12]
        with (
            locked(self.machine.cache, f"venv-{place}", report),
            disk_errors(self.machine.repository),
        ):
            yield

    def _update_packages(self, report: Callable[[str], None]) -> None:
        if not self._packages_current():
            self._install_packages(report)

    def _install_packages(self, report: Callable[[str], None]) -> None:
        report("creating the virtual environment")
        self._create()
        lock = self.machine.wrappers / self.requirements
        self._pip(["--require-hashes", "--no-deps", "-r", str(lock)], report)
        self._write_stamp({"python": _interpreter(), self.requirements: _digest(lock)})
        self._mark.unlink()

    def _create(self) -> None:
        clear = ["--clear"] if self._mark.exists() else []
        self.folder.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", *clear, str(self.folder)], lambda _: None)
        self._mark.touch()

    def _install_project(self, report: Callable[[str], None]) -> None:
        repository = str(self.machine.repository)
        self._pip(["--no-deps", "--no-build-isolation", "-e", repository], report)
        self._compile(report)
        self._write_stamp({**self._stamp(), "project": self._project()})

    def _compile(self, report: Callable[[str], None]) -> None:
        """Write the project's byte code, where Python is told not to, as in many images."""
        folders = [str(self.machine.repository / name) for name in _COMPILED]
        with suppress(PackagesError):  # a mistake in a file is told when that is loaded
            _run([str(self.python), "-m", "compileall", "-q", *folders], report)

    def _pip(self, arguments: Sequence[str], report: Callable[[str], None]) -> None:
        _run([str(self.python), "-m", "pip", "install", "--no-input", *arguments], report)

    def _packages_current(self) -> bool:
        stamp = self._stamp()
        return (
            not self._mark.exists()
            and self.python.exists()
            and stamp.get("python") == _interpreter()
            and any(
                stamp.get(name) == _digest(self.machine.wrappers / name)
                for name in dict.fromkeys((self.requirements, TESTS))
            )
        )

    @property
    def _mark(self) -> Path:
        return self.folder / ".sluice-installing"

    @property
    def _stamp_file(self) -> Path:
        return self.folder / ".sluice-stamp.json"

    def _stamp(self) -> dict[str, str]:
        try:
            stamp = json.loads(self._stamp_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _write_stamp(self, stamp: dict[str, str]) -> None:
        draft = self._stamp_file.with_suffix(".new")
        draft.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        draft.replace(self._stamp_file)

    def _project(self) -> str:
        return _digest(self.machine.repository / "pyproject.toml")


def share_packages(machine: Machine, requirements: str, report: Callable[[str], None]) -> None:
    """Make `.venv` a link to packages that every checkout with the same lock uses.

    They are kept in the cache, one virtual environment for each lock, without
    the project itself: `python -m sluice` runs it. For checkouts that live for
    one job. A `.venv` that is no link is left alone, and a `PackagesError`.
    """
    lock = machine.wrappers / requirements
    place = machine.cache / "venvs" / f"{_interpreter().replace(' ', '-')}-{_digest(lock)[:12]}"
    shared = VirtualEnvironment(replace(machine, repository=place), requirements)
    with disk_errors(machine.cache):
        shared.machine.wrappers.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(lock, shared.machine.wrappers / requirements)
    shared.install_packages(report)
    _link(machine.repository / shared.folder.name, shared.folder)


def _link(link: Path, target: Path) -> None:
    if link.exists() and not link.is_symlink():
        raise PackagesError(f"{link} is a folder; remove it to share packages by a link")
    draft = link.with_name(f"{link.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)


def _run(command: Sequence[str], report: Callable[[str], None]) -> None:
    process = subprocess.Popen(
        command,
        env=_environment(),
        close_fds=False,  # it holds the lock
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    words: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        for line in map(str.strip, process.stdout or ()):
            words.append(line)
            if line.startswith(("Collecting ", "Installing ", "Building ")):
                report(line.partition(" (from")[0][:100])
        if process.wait() != 0:
            raise PackagesError("the Python packages cannot be installed:\n" + "\n".join(words))
    finally:
        process.kill()
        process.communicate()


def _environment() -> dict[str, str]:
    """Give an environment in which pip compiles byte code and minds no other Python."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PIP_REQUIRE_VIRTUALENV"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _interpreter() -> str:
    return f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
